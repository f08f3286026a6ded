// What waits for a person's word: changes in an open window, many deletions, a remote that refuses or begins again.
import type { Page } from "@playwright/test";

import { comes, eventually, expect, goes, ownNamespace, press, test } from "../support/fixtures.ts";
import { expectAccessible, expectNoSidewaysScroll } from "../support/looks.ts";

test.use({
  // Nothing is committed by itself, and no deletion that was missed is a small one.
  settings: { DENSHIMON_COMMIT_WINDOW: "1h", DENSHIMON_SWEEP_RECORDS: "0", DENSHIMON_SWEEP_PERCENT: "0" },
  expectedAlarms: /records wait for a person's word|the commits could not be pushed|the remote refused the push/,
});
test.describe.configure({ mode: "serial" });

const namespace = ownNamespace("waiting");
const record_of = (kind: string, name: string) => `clusters/sandbox/${namespace}/${kind}/${name}.yaml`;

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

/** Commits what waits, on the status page. */
async function commitNow(page: Page) {
  await page.goto("/gitops/status");
  await comes(page, page.getByText("for a pause of its author"));
  await press(page, button(page, "Commit now"));
}

test("a change waits for its author's pause, or for the word to commit now", async ({ page, program }) => {
  const record = record_of("deployment", "api");
  await page.goto("/gitops/status");
  // What is there before that is recorded as found, without a window.
  await comes(page, page.getByRole("row", { name: /^Deployment\b/ }).getByText("Watching"));
  program.kubectl("create", "deployment", "api", "-n", namespace, "--image=registry.example/shop/api:1", "--replicas=0");
  await comes(page, page.getByText("for a pause of its author, so that one thing done is one commit"));
  await comes(page, page.locator(".sync-chip", { hasText: /\d+ changes? waiting/ }));
  await page.goto(`/deployments/${namespace}/api`);
  const line = page.locator("section", { has: page.getByRole("heading", { name: "Record" }) });
  await comes(page, line.getByText("The change waits for its commit."));
  await expect(line).toContainText("Waiting");
  expect(program.remote.read(record)).toBe("");

  await commitNow(page);
  await page.goto(`/deployments/${namespace}/api`);
  await comes(page, line.getByText("Recorded"));
  await expect(line).toContainText(record);
  await eventually(() => program.remote.read(record), (text) => text.includes("shop/api:1"), "it is on the remote");
});

test("many deletions at once wait for a word: the records are kept, or deleted", async ({ page, program }) => {
  const records = ["one", "two"].map((name) => record_of("configmap", name));
  const there = () => records.filter((record) => program.remote.read(record) !== "").length;
  for (const name of ["one", "two"]) program.kubectl("create", "configmap", name, "-n", namespace);
  await commitNow(page);
  await eventually(there, (count) => count === 2, "both are recorded");

  await page.goto("about:blank");
  await program.restart(() => program.kubectl("delete", "configmap", "one", "two", "-n", namespace));
  await page.goto("/gitops/status");
  const held = page.locator(".banner", { hasText: /\d+ records have no resource any more/ });
  await comes(page, held);
  await comes(page, page.locator(".sync-chip", { hasText: "wait for a word" }));
  await page.getByText(/^ConfigMap: \d+ records$/).click();
  for (const record of records) await expect(page.getByText(record)).toBeVisible();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await press(page, button(page, "Keep them"));
  await goes(page, held);
  expect(there()).toBe(2);

  // It is asked again after the next start.
  await page.goto("about:blank");
  await program.restart();
  await page.goto("/gitops/status");
  await comes(page, held);
  await press(page, button(page, "Delete the records"));
  await goes(page, held);
  await eventually(there, (count) => count === 0, "both records are gone");
  expect(program.git("log", "-1", "--format=%B", "--", ...records)).toContain("Approved by ada.");
});

test("a remote whose history somebody rewrote is left alone until a person says what is to be done", async ({ page, program }) => {
  const record = record_of("configmap", "three");
  program.remote.rewrite();
  program.kubectl("create", "configmap", "three", "-n", namespace);
  await commitNow(page);
  const rewritten = page.locator(".banner", { hasText: "Commits cannot be pushed: the remote's history was rewritten." });
  await comes(page, rewritten);
  await expect(rewritten).toContainText("Nothing here is lost.");
  await comes(page, page.locator(".sync-chip", { hasText: "cannot push: the remote's history was rewritten" }));
  await expect(button(page, "Build on what is there now")).toBeVisible();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);

  await press(page, button(page, "Keep committing here only"));
  const kept = page.locator(".banner", { hasText: "they are kept here only, as was decided" });
  await comes(page, kept);
  await expect(button(page, "Build on what is there now")).toHaveCount(0);
  expect(program.git("log", "-1", "--format=%an").trim()).toBe("eve");

  await press(page, kept.getByRole("button", { name: "Retry" }));
  await comes(page, rewritten);
  await press(page, button(page, "Build on what is there now"));
  await goes(page, page.locator(".banner", { hasText: "Commits cannot be pushed" }));
  await eventually(() => program.remote.read(record), (text) => text !== "", "Denshimon's commits are made again");
  expect(program.remote.read("NOTES.md")).toBe("Eve's word.\n");
});

test("what the remote refuses is pushed by Retry once it is allowed", async ({ page, program }) => {
  const record = record_of("configmap", "four");
  await program.remote.protect(true);
  program.kubectl("create", "configmap", "four", "-n", namespace);
  await commitNow(page);
  const refused = page.locator(".banner", { hasText: "Commits cannot be pushed: the remote refused the commits." });
  await comes(page, refused);
  // Each failure makes the pause before the next try longer; after these it is no try of Denshimon's own that succeeds.
  const failures = () => program.log().split("the commits could not be pushed").length;
  const before = failures();
  for (let tries = 0; tries < 7; tries++) await page.request.post("/api/gitops/push", { headers: { Origin: program.url } });
  await eventually(failures, (count) => count >= before + 7, "all of them have failed");
  await expect(refused).toBeVisible();

  await program.remote.protect(false);
  await press(page, refused.getByRole("button", { name: "Retry" }));
  await goes(page, refused);
  expect(program.remote.read(record)).not.toBe("");
});

test("a remote that is made again, empty or with something else in it, gets nothing until a person says so", async ({ page, program }) => {
  const records = ["five", "six"].map((name) => record_of("configmap", name));
  const history = () => Number(program.git("rev-list", "--count", "main"));
  const before = history();
  await program.remote.empty();
  program.kubectl("create", "configmap", "five", "-n", namespace);
  await commitNow(page);
  const emptied = page.locator(".banner", { hasText: "Commits cannot be pushed: the branch is gone from the remote." });
  await comes(page, emptied);
  await expect(emptied).toContainText("If that was meant, push all of the history again; else put the branch back and choose Retry.");
  await comes(page, page.locator(".sync-chip", { hasText: "cannot push: the branch is gone from the remote" }));
  await expect(button(page, "Keep committing here only")).toBeVisible();
  await expect(button(page, "Build on what is there now")).toHaveCount(0);
  expect(program.git("for-each-ref")).toBe("");
  await press(page, button(page, "Push all of the history again"));
  await goes(page, emptied);
  await eventually(() => program.remote.read(records[0]!), (text) => text !== "", "all of it is there again");
  expect(history()).toBeGreaterThan(before);

  await program.remote.replace();
  program.kubectl("create", "configmap", "six", "-n", namespace);
  await commitNow(page);
  const replaced = page.locator(".banner", { hasText: "Commits cannot be pushed: the remote's history was rewritten." });
  await comes(page, replaced);
  await expect(button(page, "Keep committing here only")).toBeVisible();
  await expect(button(page, "Push all of the history again")).toHaveCount(0);
  expect(history()).toBe(1);
  await press(page, button(page, "Build on what is there now"));
  await goes(page, replaced);
  for (const record of records) await eventually(() => program.remote.read(record), (text) => text !== "", "Denshimon's commits are made again");
  expect(program.remote.read("NOTES.md")).toBe("Eve's word.\n");
});
