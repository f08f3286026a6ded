// How recording goes, as the status page and a resource's own page tell it.
import { comes, eventually, expect, openSession, ownNamespace, test } from "../support/fixtures.ts";
import { expectAccessible, expectGoodLooks, expectNoSidewaysScroll } from "../support/looks.ts";
import { startProgram } from "../support/program.ts";

test.describe.configure({ mode: "serial" });

const namespace = ownNamespace("sync");

test("the status page tells in pictures and words how recording goes, and goes on telling", async ({ page, program, javaScriptEnabled }) => {
  await page.goto("/gitops/status");
  // No other test makes or deletes any of these meanwhile.
  const kind = page.getByRole("row", { name: /^LimitRange / });
  const cell = (label: string) => kind.locator(`td[data-label="${label}"]`);
  await comes(page, cell("State").getByText("Watching"));
  await expect(cell("Objects")).toHaveText(/^\d+$/);
  const records = cell("Records");
  await expect(records).toHaveText(/^\d+$/);
  const before = Number(await records.textContent());
  const limits = [{ type: "Container", default: { memory: "64Mi" } }];
  program.apply(JSON.stringify({ apiVersion: "v1", kind: "LimitRange", metadata: { name: "seen", namespace }, spec: { limits } }));
  await expect(async () => {
    if (javaScriptEnabled === false) await page.reload();
    expect(Number(await records.textContent())).toBeGreaterThan(before);
  }).toPass({ timeout: 30_000, intervals: [200] });
  expect(Number(await cell("Objects").textContent())).toBeGreaterThan(0);
  await expect(cell("Last event")).toHaveText(javaScriptEnabled === false ? /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/ : /^(just now|\d+ s ago)$/);
  const metrics = async () => (await page.request.get("/metrics")).text();
  await eventually(metrics, (text) => /denshimon_commit_to_remote_seconds_count [1-9]/.test(text), "a commit is on the remote");
  await comes(page, page.getByText("Nothing waits to be committed."));

  for (const [name, words] of [
    ["Plot of the waiting changes", /^Queue \d+ waiting now, at most \d+ in the last hour$/],
    ["Plot of the time from event to commit", /^Lag \d+ m?s the newest, .* in the last hour$/],
    ["Plot of the time that each of the last commits took", /^Commit \d+ m?s the newest, .* of the last \d+$/],
    ["Plot of the time that each of the last pushes took", /^Push \d+ m?s the newest, .* of the last \d+$/],
  ] as const) {
    const plot = page.getByRole("img", { name });
    await expect(plot).toBeVisible();
    await expect(plot.locator("path")).toHaveAttribute("d", /^M\d+ \d+h0(L?M?\d+ \d+(h0)?)*$/);
    await expect(page.locator("figure", { has: plot }).locator("figcaption")).toHaveText(words);
  }
  expect(await metrics()).toContain('denshimon_kind_up{kind="ConfigMap"} 1');
});

test("a resource's page says where its record is, or why it has none", async ({ page, program, expectedMessages }) => {
  // Until the watch tells of it, there is none.
  expectedMessages.push(/status of 404/);
  program.kubectl("create", "deployment", "api", "-n", namespace, "--image=registry.example/shop/api:1", "--replicas=0");
  program.kubectl("create", "configmap", "seen", "-n", namespace, "--from-literal=key=value");
  const recorded = (path: string) => new RegExp(`Recorded at [0-9a-f]{7,}, .*, in clusters/sandbox/${namespace}/${path}`);
  await expect(async () => {
    await page.goto(`/records/ConfigMap/${namespace}/seen`);
    await expect(page.getByRole("main")).toContainText(recorded("configmap/seen.yaml"), { timeout: 1_000 });
  }).toPass({ timeout: 30_000, intervals: [200] });
  await expect(page.getByRole("region", { name: "Record" })).toContainText("key: value");
  await page.goto(`/records/ConfigMap/${namespace}/kube-root-ca.crt`);
  await expect(page.getByRole("main")).toContainText("Not recorded: Each namespace is born with one.");
  await expect(page.getByRole("region", { name: "Record" })).toHaveCount(0);

  await page.goto(`/deployments/${namespace}/api`);
  const record = page.locator("section", { has: page.getByRole("heading", { name: "Record" }) });
  await comes(page, record.filter({ hasText: recorded("deployment/api.yaml") }));
  await record.getByRole("link").click();
  await expect(page).toHaveURL(/\/gitops\/commits\/[0-9a-f]{40}/);
  await expect(page.getByRole("heading", { name: /api/ }).first()).toBeVisible();
});

test("a resource that a controller makes says that it has no record, and why", async ({ page, program, expectedMessages }) => {
  // Until the watch tells of it, there is none.
  expectedMessages.push(/status of 404/);
  const uid = program.kubectl("get", "deployment", "api", "-n", namespace, "-o", "jsonpath={.metadata.uid}");
  const ownerReferences = [{ apiVersion: "apps/v1", kind: "Deployment", name: "api", uid, controller: true }];
  const container = { name: "app", image: "registry.example/app:1" };
  const template = { metadata: { labels: { app: "made" } }, spec: { containers: [container] } };
  const spec = { replicas: 0, selector: { matchLabels: { app: "made" } }, template };
  program.apply(JSON.stringify({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "made", namespace, ownerReferences }, spec }));
  await expect(async () => {
    await page.goto(`/deployments/${namespace}/made`);
    await expect(page.getByText("Not recorded: Its controller makes it, and makes it again.")).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 20_000, intervals: [200] });
  await expectAccessible(page);
});

test("a rule says what it would have left out before it is saved, and is switched and removed", async ({ page, program }) => {
  program.kubectl("create", "deployment", "scaled", "-n", namespace, "--image=registry.example/shop/api:1", "--replicas=1");
  const commits = async () => (await page.request.get(`/api/gitops/commits?path=clusters/sandbox/${namespace}/deployment/scaled.yaml`)).text();
  await eventually(commits, (text) => text.includes('"total":1'), "the Deployment is recorded");
  program.kubectl("scale", "deployment", "scaled", "-n", namespace, "--replicas=2");
  await eventually(commits, (text) => text.includes('"total":2'), "the scaling is recorded");

  await page.goto("/gitops/rules");
  await expect(page.getByRole("row", { name: /HorizontalPodAutoscaler/ }).getByRole("button", { name: /Switch off/ })).toBeVisible();
  await page.getByLabel("Paths").fill("metadata.name");
  await page.getByRole("button", { name: "Test the rule" }).click();
  await expect(page.getByRole("alert")).toContainText("always recorded");
  await page.getByRole("textbox", { name: /^Kind/ }).fill("Deployment");
  await page.getByRole("textbox", { name: /^Namespace/ }).fill(namespace);
  await page.getByLabel("Paths").fill("spec.replicas");
  await page.getByRole("button", { name: "Test the rule" }).click();
  await expect(page.getByText(/It would have left out this 1 commit of the newest \d+ commits?\./)).toBeVisible();
  await expect(page.getByText(`clusters/sandbox/${namespace}/deployment/scaled.yaml`)).toBeVisible();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await page.getByRole("button", { name: "Save the rule" }).click();
  const rule = page.getByRole("row", { name: new RegExp(`spec.replicas of Deployment in ${namespace}`) });
  await expect(rule).toContainText("On");
  await eventually(commits, (text) => text.includes('"total":3'), "the replicas leave the record");

  await rule.getByRole("button", { name: /Switch off/ }).click();
  await expect(rule).toContainText("Off");
  await rule.getByText("Remove").first().click();
  await rule.getByRole("button", { name: "Remove the rule" }).click();
  await expect(rule).toHaveCount(0);
});

test("what is wrong is told with its remedy and a button, wide and narrow, dark and light", async ({ page, expectedMessages }) => {
  // Whatever is wrong here is meant to be, so this program's log is nobody's alarm.
  const program = await startProgram({ DENSHIMON_REPOSITORY_TOKEN: "wrong" });
  try {
    expectedMessages.push(/ERR_CONNECTION_REFUSED/);
    await page.context().addCookies((await openSession(program)).cookies);
    const problem = page.locator(".banner", { hasText: "Commits cannot be pushed" });
    await expect(async () => {
      await page.goto(`${program.url}/gitops/status`);
      await expect(problem).toBeVisible({ timeout: 1_000 });
    }).toPass({ timeout: 30_000, intervals: [200] });
    await expect(problem).toContainText("DENSHIMON_REPOSITORY_TOKEN");
    await expectGoodLooks(page);
    await problem.getByRole("button", { name: "Retry" }).click();
    await expect(page).toHaveURL(/\/gitops\/status/);
    await expect(problem).toBeVisible();
    await page.goto("about:blank");
  } finally {
    await program.stop();
  }
});
