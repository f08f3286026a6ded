// What an administrator does with users, and everybody with an account of their own.
import type { Locator, Page } from "@playwright/test";

import { expect, fillSignIn, openSession, ownNamespace, press, signIn, test } from "../support/fixtures.ts";
import { expectAccessible } from "../support/looks.ts";

test.describe.configure({ mode: "serial" });

const namespace = ownNamespace("team");
const LIN = { username: "lin", password: "battery horse correct" };
const LIN_AFTER_RESET = { username: "lin", password: "correct battery horse" };
const LIN_AT_LAST = { username: "lin", password: "horse battery correct" };

/** Opens a user's menu. */
async function openMenu(page: Page, name: string): Promise<Locator> {
  await page.goto("/team/users");
  const row = page.getByRole("row", { name: new RegExp(`^${name} `) });
  await row.locator("summary").click();
  return row;
}

/** Follows the one-time link that is shown, sets a password with it, and comes back to where it is shown no more. */
async function redeem(page: Page, user: typeof LIN) {
  const link = page.locator("a.secret");
  await expect(link).toHaveText(/^\/reset\?token=\S+$/);
  const [here, address] = [page.url(), await link.getAttribute("href")];
  await page.goto(address!);
  await page.getByLabel("New password").fill(user.password);
  await page.getByRole("button", { name: "Set the password" }).click();
  await expect(page).toHaveURL(/\/sign-in\?reset=1$/);
  await page.goto(here);
  await expect(page.getByRole("heading", { name: "New user" })).toBeVisible();
  await expect(link).toHaveCount(0);
}

test("a user gets a role in one namespace, is kept out, let in again and given a new password", async ({ page, browser, program, expectedMessages }) => {
  // The link does not say whose password it sets, so the browser misses a user name.
  expectedMessages.push(/Password forms should have/);
  await page.goto("/team/users");
  await page.getByLabel("User name").fill(LIN.username);
  await press(page, page.getByRole("button", { name: "Make the user" }));
  await expect(page.getByRole("row", { name: /^lin / })).toContainText("viewer, everywhere");
  await expectAccessible(page);
  await redeem(page, LIN);

  let row = await openMenu(page, "lin");
  await row.getByLabel("Role").selectOption("operator");
  await row.getByLabel("Only in these namespaces").fill(namespace);
  await press(page, row.getByRole("button", { name: "Set the role" }));
  await expect(row).toContainText(`operator, in ${namespace}`);
  const theirs = await browser.newPage({ storageState: await openSession(program, LIN) });
  await theirs.goto("/deployments");
  await expect(theirs.locator("#namespace-picker option")).toHaveText(["all", namespace]);

  row = await openMenu(page, "lin");
  await press(page, row.getByRole("button", { name: "Disable" }));
  await expect(row).toContainText("Disabled");
  await theirs.goto("/deployments");
  await expect(theirs).toHaveURL(/\/sign-in\?next=/);
  await fillSignIn(theirs, LIN);
  await expect(theirs.getByRole("alert")).toContainText("User name or password is wrong.");

  row = await openMenu(page, "lin");
  await press(page, row.getByRole("button", { name: "Enable" }));
  await expect(row).toContainText("Enabled");
  await signIn(theirs, LIN);

  row = await openMenu(page, "lin");
  await press(page, row.getByRole("button", { name: "Make a reset link" }));
  await redeem(page, LIN_AFTER_RESET);
  await theirs.goto("/deployments");
  await expect(theirs).toHaveURL(/\/sign-in\?next=/);
  await fillSignIn(theirs, LIN_AFTER_RESET);
  await expect(theirs).toHaveURL(/\/deployments$/);
  await theirs.context().close();
});

test("a token is shown once and works until it is revoked; a new password ends the other sessions", async ({ page, context, program, expectedMessages }) => {
  expectedMessages.push(/status of 400/);
  const status = async (headers: Record<string, string>) => (await fetch(`${program.url}/api/session`, { headers })).status;
  const [other] = (await openSession(program, LIN_AFTER_RESET)).cookies;
  await context.clearCookies();
  await context.addCookies((await openSession(program, LIN_AFTER_RESET)).cookies);
  await page.goto("/account");
  await page.getByLabel("Name", { exact: true }).fill("ci");
  await press(page, page.getByRole("button", { name: "Make the token" }));
  const secret = page.locator("code.secret");
  const token = { Authorization: `Bearer ${(await secret.textContent())!.trim()}` };
  expect(await status(token)).toBe(200);
  await page.reload();
  await expect(page.getByRole("row", { name: /^ci viewer, in / })).toBeVisible();
  await expect(secret).toHaveCount(0);
  await press(page, page.getByRole("button", { name: "Revoke ci" }));
  await expect(page.getByText("You have no API token.")).toBeVisible();
  expect(await status(token)).toBe(401);

  const session = { Cookie: `${other!.name}=${other!.value}` };
  expect(await status(session)).toBe(200);
  for (const [current, answer] of [
    [LIN.password, "This is not your current password."],
    [LIN_AFTER_RESET.password, "The new password is set. Your other sessions have ended."],
  ] as const) {
    await page.getByLabel("Current password").fill(current);
    await page.getByLabel("New password").fill(LIN_AT_LAST.password);
    await press(page, page.getByRole("button", { name: "Change the password" }));
    await expect(page.getByText(answer).first()).toBeVisible();
  }
  expect(await status(session)).toBe(401);
  await openSession(program, LIN_AT_LAST);
});
