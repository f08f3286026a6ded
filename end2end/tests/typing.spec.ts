// What people type: wrong in many ways, or overtaken by somebody else. It is named, kept, and does nothing by itself.
import type { Page } from "@playwright/test";

import { eventually, expect, ownNamespace, press, test } from "../support/fixtures.ts";
import { expectAccessible } from "../support/looks.ts";

test.describe.configure({ mode: "serial" });

const namespace = ownNamespace("typing");
const full = ownNamespace("full");

test.beforeAll(async ({ program }) => {
  program.kubectl("create", "quota", "none", "-n", full, "--hard=count/deployments.apps=0");
  const quota = () => program.kubectl("get", "quota", "none", "-n", full, "-o", "jsonpath={.status.hard}");
  await eventually(quota, (hard) => hard !== "", "the quota is in force");
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

/** 9 to the power of 9 words once its aliases are written out. */
const bomb = ["x", ..."abcdefgh"].map((name, level, names) => `${name}: &${name} [${Array(9).fill(level ? `*${names[level - 1]}` : "x").join(", ")}]\n`).join("");

/**
 * What is typed into the form or, as `Manifest`, into the other view; the answer, and at which field it stands. Those with
 * `look` show all that answers look like.
 */
const WRONG: { what: string; typed: Record<string, string>; says: RegExp; at?: string; look?: true }[] = [
  { what: "a name that is none", typed: { Name: "Not A Name" }, says: /A name has only a-z, 0-9/, at: "Name" },
  { what: "an image that is none", typed: { Image: "registry.example/Shop api:1" }, says: /An image is written like/, at: "Image" },
  { what: "a port beyond the last", typed: { Ports: "http=99999" }, says: /its number is 1 to 65535/, at: "Ports" },
  { what: "a quantity in words", typed: { "CPU request": "many" }, says: /A quantity is a number with a unit/, at: "CPU request" },
  { what: "a limit below the request", typed: { "CPU request": "2", "CPU limit": "1" }, says: /must be less than or equal to/, at: "CPU request" },
  { what: "a namespace that is not there", typed: { Namespace: "not-there" }, says: /There is no namespace not-there/, at: "Namespace", look: true },
  { what: "more than the quota allows", typed: { Namespace: full }, says: /The namespace's quota does not allow it/, look: true },
  { what: "a field that nobody knows", typed: { Manifest: manifest("replicaz: 1") }, says: /replicaz/ },
  { what: "YAML that ends too early", typed: { Manifest: manifest("replicas: [1") }, says: /Line \d+, column \d+/, at: "Manifest", look: true },
  { what: "a manifest of something else", typed: { Manifest: manifest("replicas: 1").replace("Deployment", "StatefulSet") }, says: /here belongs apiVersion: apps\/v1, kind: Deployment/, at: "Manifest" },
  { what: "an alias bomb", typed: { Manifest: bomb }, says: /too large once its aliases/, at: "Manifest" },
];

/** Labels of fields that may stay empty say so. */
const field = (page: Page, label: string) => page.getByLabel(new RegExp(`^${label}( \\(optional\\))?$`));

test("what is typed wrongly is named, at its field where it has one, and kept", async ({ page, program }) => {
  for (const { what, typed, says, at, look } of WRONG) {
    await test.step(what, async () => {
      await page.goto("Manifest" in typed ? "/deployments/new?view=yaml" : "/deployments/new");
      const usual = { Namespace: namespace, Name: "typed", Image: "registry.example/shop/typed:1" };
      const all = Object.entries("Manifest" in typed ? typed : { ...usual, ...typed });
      for (const [label, text] of all) await field(page, label).fill(text);
      await page.getByRole("button", { name: "Preview" }).click();
      await expect(page.getByRole("alert")).toContainText(says);
      if (at) await expect(field(page, at)).toHaveAttribute("aria-invalid", "true");
      for (const [label, text] of all) await expect(field(page, label)).toHaveValue(text);
      if (look) await expectAccessible(page);
    });
  }
  expect(program.kubectl("get", "deployments", "-A", "-o", "name")).not.toContain("deployment.apps/typed");
});

test("a manifest that is too long is refused, and comes back as it was typed", async ({ page, expectedMessages }) => {
  expectedMessages.push(/status of 4\d\d/);
  await page.goto("/deployments/new?view=yaml");
  const yaml = page.getByLabel("Manifest", { exact: true });
  // As by a script or a browser that does not know the field's bound: typing would stop there.
  const put = (text: string) => yaml.evaluate((field: HTMLTextAreaElement, value) => (field.value = value), text);
  const text = `${manifest("replicas: 1")}# ${"long ".repeat(220_000)}\n`;
  await put(text);
  await page.getByRole("button", { name: "Preview" }).click();
  await expect(page.getByRole("alert")).toContainText("longer than 1 MiB");
  await expect(yaml).toHaveValue(text);

  // What nobody would read is not even taken.
  await put("a".repeat(10 * 1024 * 1024));
  await page.getByRole("button", { name: "Preview" }).click();
  await expect(page.getByText(/This is too long: at most \d+ KiB are taken\./)).toBeVisible();
});

test("an edit that somebody overtakes shows both versions, keeps what was typed and can be applied, and stays where it is", async ({ page, program, expectedMessages }) => {
  expectedMessages.push(/status of 409/);
  program.kubectl("create", "deployment", "api", "-n", namespace, "--image=registry.example/shop/api:1", "--replicas=0");
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

  await page.goto(`/deployments/${namespace}/api/edit?view=yaml`);
  await field(page, "Manifest").fill(manifest("replicas: 1").replaceAll(namespace, full).replace("name: typed", "name: api"));
  await page.getByRole("button", { name: "Preview" }).click();
  await expect(page.getByRole("alert")).toContainText(`This is the manifest of ${full}/api: the name and namespace of ${namespace}/api stay.`);
  await expect(field(page, "Manifest")).toHaveAttribute("aria-invalid", "true");
  await expect(field(page, "Manifest")).toHaveValue(new RegExp(`namespace: ${full}`));
});
