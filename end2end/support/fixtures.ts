// What every test works with: the running program, somebody who is signed in, a page that fails on any console message.
import { test as base, expect, request, type BrowserContext, type Locator, type Page, type Request } from "@playwright/test";

import { startProgram, type Program } from "./program.ts";

export const ADMIN = { username: "ada", password: "correct horse battery" };

/** What a browser keeps of a session. */
type Session = Awaited<ReturnType<BrowserContext["storageState"]>>;

/** In the place of a session for tests that begin signed out. */
export const NOBODY: Session = { cookies: [], origins: [] };

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
  /** The first user's, opened once; signing in by the page in each test would cost a second each. */
  session: Session;
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
  session: [async ({ program }, use) => use(await openSession(program)), { scope: "worker" }],
  storageState: async ({ session }, use) => use(session),
  baseURL: async ({ program }, use) => use(program.url),
  // Made anew for each test: what one test brings about is no excuse for the next.
  expectedMessages: async ({}, use) => use([]),
  page: async ({ page, expectedMessages }, use) => {
    const expectSilence = listen(page, expectedMessages);
    if (!isWithoutScript()) waitForScript(page);
    await use(page);
    expectSilence();
  },
});

export { expect };

export function isWithoutScript(): boolean {
  return test.info().project.use.javaScriptEnabled === false;
}

/**
 * Has `goto` wait until a page listens for changes, which is the last thing that it does to wake up: before that, forms are
 * sent as they are without scripts.
 */
function waitForScript(page: Page): void {
  const goto = page.goto.bind(page);
  page.goto = async (...to) => {
    // Pages without a frame never listen, so nobody waits for this there.
    const listens = page.waitForRequest(/\/live\//).catch(() => {});
    const answer = await goto(...to);
    if ((await page.getByRole("banner").count()) > 0) await listens;
    return answer;
  };
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

/** Signs somebody in without a page. Makes the first account where there is none yet. */
export async function openSession(program: Program, user = ADMIN): Promise<Session> {
  // The usual session must not go along: signing in gives it a new name, and whoever still holds it is signed out.
  const context = await request.newContext({ baseURL: program.url, storageState: NOBODY });
  const isNew: unknown = await (await context.get("/fn/session/is_setup_needed")).json();
  const token = new URL(program.setupLink).searchParams.get("token") ?? "";
  const answer = isNew
    ? await context.post("/fn/session/complete_setup", { form: { token, ...user, email: `${user.username}@example.org` } })
    : await context.post("/fn/session/sign_in", { form: user });
  expect(answer.ok(), await answer.text()).toBe(true);
  const session = await context.storageState();
  await context.dispose();
  return session;
}

/** Signs in through the page. */
export async function signIn(page: Page, user = ADMIN): Promise<void> {
  await page.goto("/sign-in");
  await fillSignIn(page, user);
  await expect(page.getByRole("banner")).toBeVisible();
}

/** Fills in the sign-in page, which may lead anywhere, and sends it. */
export async function fillSignIn(page: Page, user = ADMIN): Promise<void> {
  await page.getByLabel("User name").fill(user.username);
  await page.getByLabel("Password", { exact: true }).fill(user.password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Waits until a question about the world has the wanted answer. */
export async function eventually<T>(ask: () => T | Promise<T>, matches: (answer: T) => boolean, what: string): Promise<T> {
  let answer!: T;
  await expect
    .poll(async () => matches((answer = await ask())), { message: what, timeout: 30_000, intervals: [100, 250] })
    .toBe(true);
  return answer;
}

/** Reads a page again until it shows something, as a person without JavaScript would. */
export async function reloadUntil(page: Page, text: string | RegExp): Promise<void> {
  await expect(async () => {
    await page.reload();
    await expect(page.getByText(text).first()).toBeVisible({ timeout: MOMENT });
  }).toPass({ timeout: 40_000, intervals: [MOMENT] });
}

/** Waits until a page shows something: by itself, or, without JavaScript, when it is read again. */
export async function comes(page: Page, what: Locator): Promise<void> {
  await readUntil(page, (timeout) => expect(what.first()).toBeVisible({ timeout }));
}

/** Waits in the same way until a page shows something no more. */
export async function goes(page: Page, what: Locator): Promise<void> {
  await readUntil(page, (timeout) => expect(what).toHaveCount(0, { timeout }));
}

/** Between two readings of a page, in milliseconds: one that has been sent is whole, so nothing more comes. */
const MOMENT = 200;

async function readUntil(page: Page, holds: (timeout: number) => Promise<void>): Promise<void> {
  if (!isWithoutScript()) return holds(30_000);
  await expect(async () => {
    await page.reload();
    await holds(MOMENT);
  }).toPass({ timeout: 30_000, intervals: [MOMENT] });
}

/** Presses a form's button and waits for the answer. */
export async function press(page: Page, button: Locator): Promise<void> {
  // What pages read by themselves is posted, too, but as JSON.
  const isForm = (request: Request) => request.method() === "POST" && request.headers()["content-type"] === "application/x-www-form-urlencoded";
  const answered = page.waitForResponse((response) => isForm(response.request()));
  await button.click();
  await answered;
}

/** Names a namespace that is there as long as a file's tests run; call it outside of them. */
export function ownNamespace(word: string): string {
  const namespace = `${word}-${process.pid}-${Date.now().toString(36)}`;
  test.beforeAll(({ program }) => {
    program.kubectl("create", "namespace", namespace);
  });
  test.afterAll(({ program }) => {
    program.kubectl("delete", "namespace", namespace, "--wait=false");
  });
  return namespace;
}
