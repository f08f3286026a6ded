// What people type: wrong in many ways, or overtaken by somebody else. It is named, kept, and does nothing by itself.
import type { Page } from "@playwright/test";

import { eventually, expect, expectAccessible, makeAccount, press, signIn, test } from "../support/fixtures.ts";

test.describe.configure({ mode: "serial" });

const namespace = `typing-${process.pid}-${Date.now().toString(36)}`;
const full = `${namespace}-full`;

test.beforeAll(async ({ browser, program }) => {
  program.kubectl("create", "namespace", namespace);
  program.kubectl("create", "namespace", full);
  program.kubectl("create", "quota", "none", "-n", full, "--hard=count/deployments.apps=0");
  const quota = () => program.kubectl("get", "quota", "none", "-n", full, "-o", "jsonpath={.status.hard}");
  await eventually(quota, (hard) => hard !== "", "the quota is in force");
  await makeAccount(browser, program);
});

test.afterAll(({ program }) => {
  program.kubectl("delete", "namespace", namespace, full, "--wait=false");
});

const manifest = (spec: string) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: typed
  namespace: ${namespace}
spec:
  ${spec}
  selector:
    matchLabels:
      app: typed
  template:
    metadata:
      labels:
        app: typed
    spec:
      containers:
      - name: typed
        image: registry.example/shop/typed:1
`;

/** What is typed into the form or, as `Manifest`, into the other view; the answer, and at which field it stands. */
const WRONG: { what: string; typed: Record<string, string>; says: RegExp; at?: string }[] = [
  { what: "a port beyond the last", typed: { Ports: "http=99999" }, says: /its number is 1 to 65535/, at: "Ports" },
  { what: "a quantity in words", typed: { "CPU request": "many" }, says: /A quantity is a number with a unit/, at: "CPU request" },
  { what: "a limit below the request", typed: { "CPU request": "2", "CPU limit": "1" }, says: /must be less than or equal to/, at: "CPU request" },
  { what: "a namespace that is not there", typed: { Namespace: "not-there" }, says: /There is no namespace not-there/, at: "Namespace" },
  { what: "more than the quota allows", typed: { Namespace: full }, says: /The namespace's quota does not allow it/ },
  { what: "a field that nobody knows", typed: { Manifest: manifest("replicaz: 1") }, says: /replicaz/ },
  { what: "YAML that ends too early", typed: { Manifest: manifest("replicas: [1") }, says: /Line \d+, column \d+/, at: "Manifest" },
];

/** Labels of fields that may stay empty say so. */
const field = (page: Page, label: string) => page.getByLabel(new RegExp(`^${label}( \\(optional\\))?$`));

test("what is typed wrongly is named, at its field where it has one, and kept", async ({ page, program }) => {
  await signIn(page);
  for (const { what, typed, says, at } of WRONG) {
    await test.step(what, async () => {
      await page.goto("Manifest" in typed ? "/deployments/new?view=yaml" : "/deployments/new");
      const usual = { Namespace: namespace, Name: "typed", Image: "registry.example/shop/typed:1" };
      const all = Object.entries("Manifest" in typed ? typed : { ...usual, ...typed });
      for (const [label, text] of all) await field(page, label).fill(text);
      await page.getByRole("button", { name: "Preview" }).click();
      await expect(page.getByRole("alert")).toContainText(says);
      if (at) await expect(field(page, at)).toHaveAttribute("aria-invalid", "true");
      for (const [label, text] of all) await expect(field(page, label)).toHaveValue(text);
      await expectAccessible(page);
    });
  }
  expect(program.kubectl("get", "deployments", "-A", "-o", "name")).not.toContain("deployment.apps/typed");
});

test("a manifest that is too long is refused, and the browser still has it", async ({ page, javaScriptEnabled, expectedMessages }) => {
  expectedMessages.push(/status of 400/);
  await signIn(page);
  await page.goto("/deployments/new?view=yaml");
  const text = `${manifest("replicas: 1")}# ${"long ".repeat(60_000)}\n`;
  await page.getByLabel("Manifest", { exact: true }).fill(text);
  await page.getByRole("button", { name: "Preview" }).click();
  await expect(page.getByRole("alert")).toContainText("This is longer than 256 KiB");
  // Too long for the address in which an error travels without JavaScript, so it is on the page before.
  if (javaScriptEnabled === false) await page.goBack();
  await expect(page.getByLabel("Manifest", { exact: true })).toHaveValue(text);
});

test("an edit that somebody overtakes shows both versions, keeps what was typed and can be applied", async ({ page, program, expectedMessages }) => {
  expectedMessages.push(/status of 409/);
  program.kubectl("create", "deployment", "api", "-n", namespace, "--image=registry.example/shop/api:1", "--replicas=0");
  await signIn(page);
  await page.goto(`/deployments/${namespace}/api/edit`);
  await field(page, "Environment").fill("MODE=careful");
  await page.getByRole("button", { name: "Preview" }).click();
  await expect(page.getByRole("heading", { name: "Preview" })).toBeVisible();
  await field(page, "Reason").fill("slower is safer");
  program.kubectl("annotate", "deployment", "api", "-n", namespace, "example.org/note=theirs");
  const apply = page.getByRole("button", { name: "Apply", exact: true });
  await press(page, apply);
  await expect(page.getByRole("alert").first()).toContainText("Somebody else has changed this deployment since you began.");
  const theirs = page.locator("section", { has: page.getByRole("heading", { name: "What the others changed" }) }).last();
  await expect(theirs.locator(".diff").getByText("example.org/note: theirs")).toBeVisible();
  await expect(page.locator(".diff").first().getByText("value: careful")).toBeVisible();
  await expect(field(page, "Reason")).toHaveValue("slower is safer");
  await expectAccessible(page);
  const live = (path: string) => program.kubectl("get", "deployment", "api", "-n", namespace, "-o", `jsonpath={${path}}`);
  expect(live(".spec.template.spec.containers[0].env")).toBe("");

  await press(page, apply);
  await expect(page).toHaveURL(new RegExp(`/deployments/${namespace}/api\\?done=`));
  expect(live(".spec.template.spec.containers[0].env[0].value")).toBe("careful");
  expect(live(".metadata.annotations.example\\.org/note")).toBe("theirs");
  const message = () => program.git("log", "-1", "--format=%B", "--", `clusters/sandbox/${namespace}/deployment/api.yaml`);
  await eventually(message, (text) => text.includes("slower is safer"), "the reason is in the commit");
});
