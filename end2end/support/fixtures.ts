// What every test works with: the running program, a page that fails on any console message, and axe.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

import { test as base, expect, type Browser, type Locator, type Page, type Request } from "@playwright/test";

import { startProgram, type Program } from "./program.ts";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const ADMIN = { username: "ada", password: "correct horse battery" };

interface TestFixtures {
  page: Page;
  /** Messages and failures this test brings about on purpose. */
  expectedMessages: RegExp[];
}

interface WorkerFixtures {
  /** Settings of the program beside the usual ones; a file that sets them has a program of its own. */
  settings: Record<string, string>;
  /** Lines of the program's log that a file's tests bring about on purpose. */
  expectedAlarms: RegExp;
  program: Program;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  settings: [{}, { option: true, scope: "worker" }],
  expectedAlarms: [/^$/, { option: true, scope: "worker" }],
  program: [
    async ({ settings, expectedAlarms }, use) => {
      const program = await startProgram(settings);
      await use(program);
      await program.stop();
      const alarms = program.log().split("\n").filter((line) => /^\S+\s+(ERROR|WARN)\b/.test(line) && !expectedAlarms.test(line));
      expect(alarms, "the program logs nothing alarming").toEqual([]);
    },
    { scope: "worker", timeout: 180_000 },
  ],
  baseURL: async ({ program }, use) => use(program.url),
  // Made anew for each test: what one test brings about is no excuse for the next.
  expectedMessages: async ({}, use) => use([]),
  page: async ({ page, expectedMessages }, use) => {
    const expectSilence = listen(page, expectedMessages);
    await use(page);
    expectSilence();
  },
});

export { expect };

function isWithoutScript(): boolean {
  return test.info().project.use.javaScriptEnabled === false;
}

/** Notes what a page complains of; the function that it returns fails on what was not expected. */
function listen(page: Page, expected: RegExp[]): () => void {
  const messages: string[] = [];
  page.on("console", (message) => messages.push(`console ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => messages.push(`page error: ${error.stack ?? error.message}`));
  page.on("requestfailed", (request) => {
    // A stream or a fetch that a navigation cut off has not failed; without JavaScript, scripts are not loaded.
    if (!["net::ERR_ABORTED", "csp"].includes(request.failure()?.errorText ?? "")) messages.push(`failed: ${request.method()} ${request.url()} ${request.failure()?.errorText}`);
  });
  // Without JavaScript the browser fetches the script that the page names and never uses it.
  const always = isWithoutScript() ? [/was preloaded using link preload but not used/] : [];
  return () => {
    const unexpected = messages.filter((text) => ![...always, ...expected].some((pattern) => pattern.test(text)));
    expect(unexpected, "the page is silent").toEqual([]);
  };
}

/** Fails when axe finds anything. It needs JavaScript; without, the pages are the same. */
export async function expectAccessible(page: Page): Promise<void> {
  if (isWithoutScript()) return;
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const axe = (globalThis as unknown as { axe: { run: (options: object) => Promise<{ violations: AxeViolation[] }> } }).axe;
    const result = await axe.run({
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return result.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join(" | ")}`);
  });
  expect(violations, `axe on ${page.url()}`).toEqual([]);
}

interface AxeViolation {
  id: string;
  nodes: { html: string }[];
}

/** Fails when the page scrolls sideways. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(excess, `sideways scroll on ${page.url()}`).toBeLessThanOrEqual(0);
}

/** Makes the first account, unless another test has. */
export async function makeAccount(browser: Browser, program: Program): Promise<void> {
  const page = await browser.newPage();
  const expectSilence = listen(page, []);
  await page.goto(program.setupLink);
  if ((await page.getByLabel("E-mail").count()) > 0) {
    await page.getByLabel("User name").fill(ADMIN.username);
    await page.getByLabel("Password", { exact: true }).fill(ADMIN.password);
    await page.getByLabel("E-mail").fill("ada@example.org");
    await page.getByRole("button", { name: "Make the account" }).click();
    await expect(page.getByRole("heading", { name: "Home" })).toBeVisible();
  }
  await page.close();
  expectSilence();
}

/** Signs in through the page. */
export async function signIn(page: Page, user = ADMIN): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("User name").fill(user.username);
  await page.getByLabel("Password", { exact: true }).fill(user.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("banner")).toBeVisible();
}

/** Waits until a question about the world has the wanted answer. */
export async function eventually<T>(ask: () => T | Promise<T>, matches: (answer: T) => boolean, what: string): Promise<T> {
  let answer!: T;
  await expect
    .poll(async () => matches((answer = await ask())), { message: what, timeout: 30_000, intervals: [100, 250, 500] })
    .toBe(true);
  return answer;
}

/** Reads a page again until it shows something, as a person without JavaScript would. */
export async function reloadUntil(page: Page, text: string | RegExp): Promise<void> {
  await expect(async () => {
    await page.reload();
    await expect(page.getByText(text).first()).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 40_000 });
}

/** Waits until a page shows something: by itself, or, without JavaScript, when it is read again. */
export async function comes(page: Page, what: Locator): Promise<void> {
  await readUntil(page, () => expect(what.first()).toBeVisible({ timeout: 1_000 }));
}

/** Waits in the same way until a page shows something no more. */
export async function goes(page: Page, what: Locator): Promise<void> {
  await readUntil(page, () => expect(what).toHaveCount(0, { timeout: 1_000 }));
}

async function readUntil(page: Page, holds: () => Promise<void>): Promise<void> {
  await expect(async () => {
    if (isWithoutScript()) await page.reload();
    await holds();
  }).toPass({ timeout: 30_000 });
}

/** Presses a form's button and waits for the answer. */
export async function press(page: Page, button: Locator): Promise<void> {
  // What pages read by themselves is posted, too, but as JSON.
  const isForm = (request: Request) => request.method() === "POST" && request.headers()["content-type"] === "application/x-www-form-urlencoded";
  const answered = page.waitForResponse((response) => isForm(response.request()));
  await button.click();
  await answered;
}
