// The whole loop as a new user meets it: account, deploy, watch, find the commit, take it back. In one program, in order.
import type { Page, Route } from "@playwright/test";

import { ADMIN, comes, eventually, expect, fillSignIn, NOBODY, ownNamespace, reloadUntil, signIn, test } from "../support/fixtures.ts";
import { expectAccessible, expectGoodLooks, expectNoSidewaysScroll } from "../support/looks.ts";

test.describe.configure({ mode: "serial" });

const namespace = ownNamespace("story");
const page_of = (part = "") => `/deployments/${namespace}/api${part}`;
const record = `clusters/sandbox/${namespace}/deployment/api.yaml`;

/** Signs in again after a form has led there. */
async function comeBack(page: Page) {
  await expect(page).toHaveURL(/sign-in/);
  await fillSignIn(page);
}

/** Opens one of the quick actions' menus. */
async function openMenu(page: Page, words: string) {
  await page.locator("details.menu > summary", { hasText: new RegExp(`^${words}$`) }).click();
}

test.describe(() => {
  test.use({ storageState: NOBODY });

  test("the set-up link makes the first account, once", { tag: "@narrow" }, async ({ page, program }) => {
    await page.goto(program.setupLink);
    await expectAccessible(page);
    await page.getByLabel("User name").fill(ADMIN.username);
    await page.getByLabel("Password", { exact: true }).fill(ADMIN.password);
    await page.getByLabel("E-mail").fill("ada@example.org");
    await page.getByRole("button", { name: "Make the account" }).click();
    await expect(page.getByRole("heading", { name: "Home" })).toBeVisible();
    await page.goto(program.setupLink);
    await expect(page.getByText("so this link is spent")).toBeVisible();
    await expect(page.getByRole("button", { name: "Make the account" })).toHaveCount(0);
    await page.getByRole("main").getByRole("link", { name: "Sign in" }).click();
    await expect(page).toHaveURL(/\/sign-in$/);
  });
});

test("a deployment is previewed, made, becomes healthy and is a commit with the person's name", { tag: "@narrow" }, async ({ page, program }, info) => {
  await page.goto("/deployments/new");
  await page.getByLabel("Namespace", { exact: true }).fill(namespace);
  await page.getByLabel("Name", { exact: true }).fill("api");
  await page.getByLabel("Image").fill("registry.example/shop/api:1.4.2");
  await page.getByLabel("Replicas").fill("2");
  await expectNoSidewaysScroll(page);
  await page.getByRole("button", { name: "Preview" }).click();
  await expect(page.getByText(`Create Deployment ${namespace}/api`)).toBeVisible();
  await expect(page.locator(".diff").getByText("image: registry.example/shop/api:1.4.2")).toBeVisible();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await page.getByLabel("Reason").fill("first deployment");
  await page.getByRole("button", { name: "Apply", exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`/deployments/${namespace}/api`));
  if (info.project.name === "no-js") await reloadUntil(page, "Healthy");
  else await expect(page.getByText("Healthy").first()).toBeVisible({ timeout: 40_000 });

  const log = () => program.git("log", "-1", "--format=%an <%ae>%n%s%n%b", "--", record);
  const message = await eventually(log, (text) => text.includes("Operation:"), "the commit is on the remote");
  expect(message).toContain(`Create Deployment ${namespace}/api`);
  expect(message).toMatch(/^ada <ada@example\.org>/);
  expect(message).toContain("first deployment");
});

test("a scale with a reason is a row of the history with its commit, and undo takes it back", { tag: "@narrow" }, async ({ page, program, javaScriptEnabled }) => {
  await page.goto(page_of());
  await openMenu(page, "Scale");
  await expectNoSidewaysScroll(page);
  await page.getByLabel("Replicas").fill("5");
  await page.locator("details[open]").getByLabel("Reason").fill("more visitors");
  // What changes meanwhile leaves alone what is being filled in.
  program.kubectl("label", "deployment", "api", "-n", namespace, "team=shop");
  if (javaScriptEnabled !== false) await expect(page.getByText("team=shop")).toBeVisible();
  await expect(page.getByLabel("Replicas")).toHaveValue("5");
  await page.locator("details[open]").getByRole("button", { name: "Scale" }).click();
  await expect(page.getByText(`Scaled ${namespace}/api from 2 to 5`)).toBeVisible();
  await expectNoSidewaysScroll(page);
  const replicas = () => program.kubectl("get", "deployment", "api", "-n", namespace, "-o", "jsonpath={.spec.replicas}");
  expect(replicas()).toBe("5");
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await eventually(replicas, (count) => count === "2", "the undo is in the cluster");

  await page.goto(page_of("/history"));
  await reloadUntil(page, `Scale ${namespace}/api to 2`);
  await expect(page.getByText(`Scale ${namespace}/api to 5`).first()).toBeVisible();
  await expect(page.getByText("more visitors").first()).toBeVisible();
  await expectAccessible(page);

  // The row leads to its difference and its commit.
  const row = page.locator("li", { hasText: "more visitors" }).first();
  await row.getByText("show the diff").click();
  await expect(row.locator(".diff").getByText("replicas: 5")).toBeVisible();
  await row.getByRole("link", { name: /^commit / }).click();
  await expect(page).toHaveURL(/\/gitops\/commits\/[0-9a-f]{40}/);
  await expect(page.locator(".diff").getByText("replicas: 5")).toBeVisible();
  await expect(page.getByText("more visitors").first()).toBeVisible();
});

test("a change behind its back is a commit by kubectl", async ({ page, program }) => {
  program.edit("s/api:1.4.2/api:1.5.0/", "deployment/api", "-n", namespace);
  const log = () => program.git("log", "-1", "--format=%an%n%s", "--", record);
  const message = await eventually(log, (text) => text.includes("1.5.0"), "kubectl's change is a commit");
  expect(message).toMatch(/^kubectl-edit\n/);
  await page.goto(page_of("/history"));
  await reloadUntil(page, /kubectl-edit/);
});

test("the list names who changed what, and new rows wait until they are asked for", async ({ page, program, javaScriptEnabled }) => {
  await page.goto(`/deployments?namespace=${namespace}`);
  const rows = page.locator("table.deployments tbody tr");
  await expect(rows).toHaveCount(1);
  await expect(rows.first()).toContainText("kubectl-edit");
  program.kubectl("create", "deployment", "aaa", "-n", namespace, "--image=registry.example/shop/aaa:1");
  if (javaScriptEnabled === false) {
    await comes(page, page.getByRole("link", { name: "aaa", exact: true }));
  } else {
    await expect(page.getByText("1 new")).toBeVisible();
    await expect(rows).toHaveCount(1);
    await page.getByRole("button", { name: "show" }).click();
  }
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText("aaa");
  if (javaScriptEnabled === false) await reloadUntil(page, "Recorded");
  await expect(rows.first()).toContainText("Recorded");
  program.kubectl("delete", "deployment", "aaa", "-n", namespace);
});

test("a page that was cut off catches up when it is back", async ({ page, program, javaScriptEnabled, expectedMessages }) => {
  expectedMessages.push(/ERR_INTERNET_DISCONNECTED/);
  await page.goto(page_of());
  await expect(page.getByText("registry.example").filter({ visible: true }).first()).toBeVisible();
  await page.context().setOffline(true);
  program.kubectl("label", "deployment", "api", "-n", namespace, "seen=late");
  await expect(page.getByText("seen=late")).toHaveCount(0);
  await page.context().setOffline(false);
  if (javaScriptEnabled === false) await page.reload();
  await expect(page.getByText("seen=late")).toBeVisible();
});

test("a page asks for nothing by itself while it is told of nothing", async ({ page, javaScriptEnabled }) => {
  const asked: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (/^\/(fn|live)\//.test(pathname)) asked.push(pathname);
  });
  // Others change the cluster all the time, so the stream is held at its beginning.
  await page.route("**/live/**", () => {});
  if (javaScriptEnabled === false) {
    await page.goto(page_of());
    expect(asked).toEqual([]);
    return;
  }
  await page.clock.install();
  await page.goto(page_of());
  await page.clock.runFor("05:00");
  // What a timer had asked for is on its way before the page answers this.
  await expect(page.getByText(/\d min ago/).filter({ visible: true }).first()).toBeVisible();
  expect(asked).toEqual([`/live${page_of()}`]);
});

test("a page whose stream is refused says so and goes on by itself", async ({ page, program, javaScriptEnabled, expectedMessages }) => {
  expectedMessages.push(/status of 503/);
  const refuse = (route: Route) => route.fulfill({ status: 503, body: "" });
  await page.route("**/live/**", refuse);
  await page.goto(page_of());
  const notice = page.getByText("This page does not hear of changes");
  if (javaScriptEnabled === false) {
    await expect(notice).toHaveCount(0);
    return;
  }
  await expect(notice).toBeVisible();
  program.kubectl("label", "deployment", "api", "-n", namespace, "again=yes");
  await page.unroute("**/live/**", refuse);
  await expect(page.getByText("again=yes")).toBeVisible();
  await expect(notice).toHaveCount(0);
});

test("a manifest can be copied and downloaded", async ({ page, program, context, javaScriptEnabled }) => {
  await page.goto(page_of("/yaml"));
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download" }).click();
  expect((await download).suggestedFilename()).toBe("api.yaml");
  const copy = page.getByRole("button", { name: "Copy" });
  if (javaScriptEnabled === false) {
    await expect(copy).toHaveCount(0);
    return;
  }
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await copy.click();
  await expect(page.getByText("Copied.")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("kind: Deployment");
  program.kubectl("label", "deployment", "api", "-n", namespace, "copied=once");
  await expect(page.getByText("copied: once")).toBeVisible();
  await expect(page.getByText("Copied.")).toBeVisible();
});

test("kinds can be left out of the records and taken in again", async ({ page }) => {
  await page.goto("/gitops/status");
  await page.getByRole("button", { name: "Leave out PodDisruptionBudget.policy" }).click();
  await page.getByText(/kinds have no records/).click();
  await expect(page.getByText("Elections and heartbeats").first()).toBeVisible();
  await page.getByRole("button", { name: "Record PodDisruptionBudget.policy" }).click();
  await expect(page.getByRole("button", { name: "Leave out PodDisruptionBudget.policy" })).toBeVisible();
});

test("a session that ends in mid-form loses nothing", async ({ page, context, program, javaScriptEnabled, expectedMessages }) => {
  expectedMessages.push(/status of 401/);
  const banner = page.getByText("Your session has ended.");
  let changes = 0;
  const change = () => program.kubectl("create", "configmap", `meanwhile-${++changes}`, "-n", namespace);
  /** The page hears of it by itself when something changes. */
  const endSession = async () => {
    await context.clearCookies();
    change();
    if (javaScriptEnabled !== false) await expect(banner).toBeVisible();
  };
  await page.goto("/deployments/new");
  await page.getByLabel("Namespace", { exact: true }).fill(namespace);
  await page.getByLabel("Name", { exact: true }).fill("kept");
  await page.getByLabel("Image").fill("registry.example/shop/kept:1");
  await endSession();
  if (javaScriptEnabled !== false) {
    await expectAccessible(page);
    const elsewhere = await context.newPage();
    await elsewhere.goto("/deployments");
    await comeBack(elsewhere);
    await expect(elsewhere.getByRole("heading", { name: "Deployments" })).toBeVisible();
    await elsewhere.close();
    change();
    await expect(banner).toBeHidden();
    await endSession();
  }
  await page.getByRole("button", { name: "Preview" }).click();
  await comeBack(page);
  await expect(page.getByRole("heading", { name: "Preview" })).toBeVisible();
  await page.getByRole("link", { name: "Change what you typed" }).click();
  await expect(page.getByLabel("Image")).toHaveValue("registry.example/shop/kept:1");
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("kept");

  // The quick menus, too.
  await page.goto(page_of());
  await openMenu(page, "Scale");
  await page.getByLabel("Replicas").fill("7");
  await page.locator("details[open]").getByLabel("Reason").fill("a reason to keep");
  await endSession();
  await page.locator("details[open]").getByRole("button", { name: "Scale" }).click();
  await comeBack(page);
  await expect(page.getByText("What you typed is kept")).toBeVisible();
  await expect(page.getByLabel("Replicas")).toHaveValue("7");
  await expect(page.locator("details[open]").getByLabel("Reason")).toHaveValue("a reason to keep");

  // New users and tokens, too.
  const user = { "User name": "kept", "E-mail": "kept@example.org", "Only in these namespaces": namespace };
  const token = { Name: "kept", Namespaces: namespace, "Days until it expires": "7" };
  for (const [path, button, typed, role] of [["/team/users", "Make the user", user, "operator"], ["/account", "Make the token", token, "admin"]] as const) {
    await page.goto(path);
    const form = page.locator("form", { has: page.getByRole("button", { name: button }) });
    const field = (label: string) => form.getByLabel(new RegExp(`^${label}( \\(optional\\))?$`));
    for (const [label, text] of Object.entries(typed)) await field(label).fill(text);
    await form.getByLabel("Role").selectOption(role);
    await endSession();
    await form.getByRole("button", { name: button }).click();
    await comeBack(page);
    await expect(form.getByText("What you typed is kept")).toBeVisible();
    for (const [label, text] of Object.entries(typed)) await expect(field(label)).toHaveValue(text);
    await expect(form.getByLabel("Role")).toHaveValue(role);
  }
});

test("every page is accessible and fits, wide and narrow, dark and light", async ({ page, program, expectedMessages }) => {
  expectedMessages.push(/status of 404/);
  test.setTimeout(240_000);
  const pages = [
    "/", "/deployments", "/deployments/new", page_of(), page_of("/pods"), page_of("/events"), page_of("/yaml"),
    page_of("/history"), page_of("/edit"), "/gitops/status", "/gitops/commits", `/records/Deployment.apps/${namespace}/api`, `/records/ConfigMap/${namespace}/kube-root-ca.crt`, "/gitops/rules", "/gitops/rules?kind=ConfigMap&leave_out=resource", "/account", "/team/users", "/team/audit",
    "/search?q=api", "/deployments/new?view=yaml", `/gitops/commits/${program.git("rev-parse", "HEAD").trim()}`,
    "/sign-in", "/reset?token=spent", "/nowhere",
  ];
  for (const path of pages) {
    const answer = await page.goto(path);
    expect(answer?.status(), path).toBe(path === "/nowhere" ? 404 : 200);
    await expect(page.locator("h1")).toHaveCount(1);
    await expectGoodLooks(page);
  }
});

test("what the cluster says stays text, whatever it says", async ({ page, program, javaScriptEnabled, expectedMessages }) => {
  expectedMessages.push(/status of 409/);
  const attack = `</script><script>window.attacked=1</script><!--<img src=x onerror="window.attacked=1">\u2028`;
  const name = "hostile";
  const metadata = { name, namespace, annotations: { note: attack, "example.org/link": "javascript:window.attacked=1" } };
  const container = { name: "app", image: "registry.example/app:1", env: [{ name: "NOTE", value: attack }] };
  const template = { metadata: { labels: { app: name } }, spec: { containers: [container] } };
  const spec = { replicas: 1, selector: { matchLabels: { app: name } }, template };
  program.apply(JSON.stringify({ apiVersion: "apps/v1", kind: "Deployment", metadata, spec }), "--server-side", "--field-manager", "<img onerror=alert(1)>");
  const uid = program.kubectl("get", "deployment", name, "-n", namespace, "-o", "jsonpath={.metadata.uid}");
  const involvedObject = { apiVersion: "apps/v1", kind: "Deployment", name, namespace, uid };
  program.apply(JSON.stringify({ apiVersion: "v1", kind: "Event", metadata: { name, namespace }, involvedObject, type: "Warning", reason: "<b>", message: attack, lastTimestamp: new Date().toISOString() }));

  const here = `/deployments/${namespace}/${name}`;
  const log = (format: string) => program.git("log", "-1", `--format=${format}`, "--", `clusters/sandbox/${namespace}/deployment/${name}.yaml`);
  await eventually(() => log("%s"), (text) => text.includes(name), "it is recorded");
  await page.goto(here);
  await openMenu(page, "Scale");
  await page.getByLabel("Replicas").fill("2");
  await page.locator("details[open]").getByLabel("Reason").fill(attack);
  await page.locator("details[open]").getByRole("button", { name: "Scale" }).click();
  // Another manager declares the replicas: it is named, and taken over only by word.
  await expect(page.getByText(/Others manage what you change: <img onerror=alert\(1\)> owns spec.replicas/)).toBeVisible();
  await page.locator("details[open]").getByLabel("Take over these fields").check();
  await expect(page.locator("details[open]").getByLabel("Reason")).toHaveValue(attack);
  await page.locator("details[open]").getByRole("button", { name: "Scale" }).click();
  await expect(page.getByText(`Scaled ${namespace}/${name} from 1 to 2`)).toBeVisible();
  await eventually(() => log("%B"), (text) => text.includes("window.attacked"), "the reason is in the commit");

  const commit = log("%H").trim();
  for (const path of [here, `${here}/events`, `${here}/yaml`, `${here}/history`, `${here}/edit`, `/gitops/commits/${commit}`, "/", "/team/audit", `/deployments?q=${encodeURIComponent(attack)}`, `/search?q=${encodeURIComponent(attack)}`]) {
    await page.goto(path);
    if ([`${here}/events`, `${here}/yaml`, `${here}/history`, `/gitops/commits/${commit}`].includes(path)) {
      await expect(page.getByText("window.attacked=1").first(), path).toBeVisible();
    }
    if (javaScriptEnabled !== false) expect(await page.evaluate(() => "attacked" in window), path).toBe(false);
    await expect(page.locator("a[href^='javascript:']")).toHaveCount(0);
  }
  program.kubectl("delete", "deployment", name, "-n", namespace);
});

test("a deployment is deleted by typing its name, and its record goes", { tag: "@narrow" }, async ({ page, program, expectedMessages }) => {
  // The page may hear that it is gone before the answer leads elsewhere.
  expectedMessages.push(/status of 404/);
  await page.goto(page_of());
  await openMenu(page, "Delete");
  await expectNoSidewaysScroll(page);
  await page.locator("details[open]").getByLabel(/^Type api/).fill("api");
  await page.locator("details[open]").getByRole("button", { name: "Delete" }).click();
  await expect(page).not.toHaveURL(new RegExp(`/deployments/${namespace}/api$`));
  const files = () => program.git("ls-tree", "-r", "--name-only", "HEAD");
  await eventually(files, (text) => !text.includes(record), "the record is gone from the remote");
  expect(program.git("log", "-1", "--format=%an", "--", record)).toMatch(/^ada/);
});

test("a viewer sees and cannot write", async ({ page, program, expectedMessages }) => {
  // The link does not say whose password it sets, so the browser misses a user name.
  expectedMessages.push(/Password forms should have/);
  // Until the watch tells of a deployment, there is none.
  expectedMessages.push(/status of 404/);
  await page.goto("/team/users");
  await page.getByLabel("User name").fill("grace");
  await page.getByRole("button", { name: "Make the user" }).click();
  const link = await page.getByText(/\/reset\?token=/).first().textContent();
  await page.goto(new URL(link!.match(/\S*\/reset\?token=\S+/)![0], program.url).href);
  await page.getByLabel("New password").fill("another horse battery");
  await page.getByRole("button", { name: /Set the password/ }).click();
  await expect(page).toHaveURL(/sign-in\?reset=1/);
  await page.context().clearCookies();
  await signIn(page, { username: "grace", password: "another horse battery" });
  await page.goto("/deployments");
  await expect(page.getByRole("heading", { name: "Deployments" })).toBeVisible();
  // Nothing is offered that would be refused.
  program.kubectl("create", "deployment", "seen", "-n", namespace, "--image=registry.example/shop/seen:1");
  await expect(async () => {
    await page.goto(`/deployments/${namespace}/seen`);
    await expect(page.getByRole("heading", { name: "seen", level: 1 })).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 20_000 });
  await expect(page.locator("main summary")).toHaveCount(0);
  await page.goto("/gitops/status");
  await expect(page.getByRole("button", { name: /Retry|Commit now|Leave out/ })).toHaveCount(0);
  const answer = await page.request.patch(`/api/deployments/${namespace}/api`, {
    headers: { Origin: program.url },
    data: { replicas: 9 },
  });
  expect(answer.status()).toBe(403);
});

test("a wrong password is slowed down", async ({ page, expectedMessages }) => {
  expectedMessages.push(/status of 4\d\d/);
  await page.goto("/sign-in");
  const refused = page.getByText(/too many tries/i).first();
  for (let attempt = 0; attempt < 15 && !(await refused.isVisible()); attempt++) {
    await page.getByLabel("User name").fill("nobody");
    await page.getByLabel("Password", { exact: true }).fill(`wrong password ${attempt}`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert").first()).toBeVisible();
  }
  await expect(refused).toBeVisible();
});
