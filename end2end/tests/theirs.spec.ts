// What others do to the repository, and what stays out of it: told where it matters, and mended by a person.
import { comes, eventually, expect, goes, ownNamespace, press, test } from "../support/fixtures.ts";
import { expectAccessible } from "../support/looks.ts";

test.describe.configure({ mode: "serial" });

const namespace = ownNamespace("theirs");
const record_of = (kind: string, name: string) => `clusters/sandbox/${namespace}/${kind}/${name}.yaml`;

test("somebody else's commit that says otherwise is told on every page until the cluster's state is recorded over it", async ({ page, program }) => {
  const record = record_of("deployment", "api");
  const read = () => program.remote.read(record);
  program.kubectl("create", "deployment", "api", "-n", namespace, "--image=registry.example/shop/api:1", "--replicas=0");
  const ours = await eventually(read, (text) => text.includes("shop/api:1"), "the Deployment is recorded");
  program.remote.commit({ [record]: ours.replace("shop/api:1", "shop/api:2") });
  // Denshimon learns of it when it pushes next.
  program.kubectl("create", "configmap", "next", "-n", namespace);

  await page.goto("/gitops/status");
  const problem = page.locator(".banner", { hasText: "Somebody else's commits say otherwise than the cluster" });
  // Whatever else changes in the cluster waits for a moment, and the chip says that first.
  const chip = page.locator(".sync-chip", { hasText: "1 drifted" });
  await comes(page, problem);
  await expect(problem).toContainText(`${record} (by eve)`);
  await expect(problem.getByRole("button", { name: "Record the cluster's state" })).toBeVisible();
  await comes(page, chip);
  await expectAccessible(page);

  await page.goto(`/deployments/${namespace}/api`);
  const section = page.locator("section", { has: page.getByRole("heading", { name: "Record" }) });
  await expect(section).toContainText("Drifted");
  await expect(section).toContainText("Somebody else's commit says otherwise than the cluster.");
  await comes(page, chip);
  program.kubectl("label", "deployment", "api", "-n", namespace, "seen=again");
  await goes(page, section.getByText("Drifted"));
  await goes(page, chip);
  await eventually(read, (text) => text.includes("shop/api:1") && text.includes("seen: again"), "the record says what is");
  await page.goto("/gitops/status");
  await expect(problem).toHaveCount(0);

  // Without a change in the cluster, a person says so.
  program.remote.commit({ [record]: read().replace("shop/api:1", "shop/api:3") });
  program.kubectl("create", "configmap", "third", "-n", namespace);
  await comes(page, problem);
  await press(page, problem.getByRole("button", { name: "Record the cluster's state" }));
  await goes(page, problem);
  await eventually(read, (text) => text.includes("shop/api:1"), "the cluster's state is recorded over it");
  expect(program.git("log", "-1", "--format=%an", "--", record).trim()).toBe("Denshimon");
});

test("a file that somebody breaks is named with the line until it is put right", async ({ page, program }) => {
  const record = record_of("configmap", "settings");
  program.kubectl("create", "configmap", "settings", "-n", namespace, "--from-literal=mode=fast");
  const ours = await eventually(() => program.remote.read(record), (text) => text.includes("mode: fast"), "it is recorded");
  const twice = "kind: ConfigMap\n";
  program.remote.commit({ "apps/broken.yaml": `apiVersion: v1\n${twice}${twice}`, [record]: ours + twice });
  program.kubectl("create", "configmap", "after-that", "-n", namespace);

  await page.goto("/gitops/status");
  const files = page.locator(".banner", { hasText: "do not count until somebody puts them right" });
  await comes(page, files);
  await expect(files.getByRole("listitem").filter({ hasText: "apps/broken.yaml" })).toContainText("Line 3: ");
  const broken = files.getByRole("listitem").filter({ hasText: record });
  await expect(broken).toContainText(`Line ${ours.split("\n").length}: `);
  await expect(broken).toContainText("The record is written anew when its resource changes.");
  await expectAccessible(page);

  program.remote.commit({ "apps/broken.yaml": null });
  program.kubectl("label", "configmap", "settings", "-n", namespace, "seen=again");
  await goes(page, files);
  await eventually(() => program.remote.read(record), (text) => text.includes("seen: again"), "the record is written anew");
});

test("what looks like a credential stays out of its record until its rule is switched off", async ({ page, program }) => {
  const record = record_of("deployment", "keeper");
  const labels = { app: "keeper" };
  const container = { name: "app", image: "registry.example/app:1", env: [{ name: "DB_PASSWORD", value: "swordfish-17" }] };
  const spec = { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [container] } } };
  program.apply(JSON.stringify({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "keeper", namespace }, spec }));
  const read = () => program.remote.read(record);
  const masked = await eventually(read, (text) => text.includes("DB_PASSWORD"), "the Deployment is recorded");
  expect(masked).not.toContain("swordfish");

  await page.goto(`/deployments/${namespace}/keeper`);
  const words = page.getByText("The record cannot be restored whole: it lacks env DB_PASSWORD, since they look like credentials.");
  await comes(page, words);
  await expect(page.locator("section", { has: page.getByRole("heading", { name: "Record" }) })).toContainText("Recorded in part");
  await expect(page.getByText("swordfish")).toHaveCount(0);
  await page.goto("/gitops/status");
  const rule = page.getByRole("row", { name: /Values whose name ends in/ });
  await expect(rule.locator("td[data-label=Values]")).toHaveText(/^[1-9]\d*$/);
  await press(page, rule.getByRole("button", { name: /^Switch off/ }));
  await expect(rule).toContainText("Off");
  await eventually(read, (text) => text.includes("swordfish-17"), "the value is recorded");
  await page.goto(`/deployments/${namespace}/keeper`);
  await goes(page, words);

  await page.goto("/gitops/status");
  await press(page, rule.getByRole("button", { name: /^Switch on/ }));
  await expect(rule).toContainText("On");
  await eventually(read, (text) => !text.includes("swordfish"), "the value leaves the record");
});

test("what something else makes is recorded once its rule is switched off, and no more when it is on again", async ({ page, program }) => {
  // Each namespace is born with it.
  const read = () => program.remote.read(record_of("serviceaccount", "default"));
  expect(read()).toBe("");
  await page.goto("/gitops/rules");
  const rule = page.getByRole("row", { name: /the service account “default” in each namespace/ });
  await expect(rule).toContainText("On");
  await press(page, rule.getByRole("button", { name: /^Switch off/ }));
  await expect(rule).toContainText("Off");
  await eventually(read, (text) => text.includes("kind: ServiceAccount"), "it is recorded");
  await press(page, rule.getByRole("button", { name: /^Switch on/ }));
  await expect(rule).toContainText("On");
  await eventually(read, (text) => text === "", "its record goes");
});
