// Whether a page can be used by everybody: axe finds nothing, and nothing scrolls sideways, wide and narrow, dark and light.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

import { expect, type Page } from "@playwright/test";

import { isWithoutScript } from "./fixtures.ts";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const ALL_RULES = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };
const COLOURS = { type: "rule", values: ["color-contrast"] };
type Rules = typeof ALL_RULES;

/** Each width and each colour scheme has all rules once; what is left can only differ in its colours. */
const LOOKS = [
  { width: 1280, colorScheme: "dark", rules: ALL_RULES },
  { width: 1280, colorScheme: "light", rules: COLOURS },
  { width: 360, colorScheme: "dark", rules: COLOURS },
  { width: 360, colorScheme: "light", rules: ALL_RULES },
] as const;

/** Fails when axe finds anything as the page is now. */
export async function expectAccessible(page: Page, rules: Rules = ALL_RULES): Promise<void> {
  const violations = isWithoutScript() ? await violationsInCopy(page) : await violationsOf(page, rules);
  expect(violations, `axe on ${page.url()}`).toEqual([]);
}

/** Fails when the page scrolls sideways. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(excess, `sideways scroll on ${page.url()}`).toBeLessThanOrEqual(0);
}

/** Fails when axe finds anything or the page scrolls sideways, wide or narrow, dark or light. */
export async function expectGoodLooks(page: Page): Promise<void> {
  for (const { width, colorScheme, rules } of LOOKS) {
    await page.setViewportSize({ width, height: 800 });
    // Colours that are on their way from one scheme to the other are nobody's choice.
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await expectNoSidewaysScroll(page);
    // Scripts change nothing of the colours, so one look at what is sent without them is enough.
    if (!isWithoutScript()) await expectAccessible(page, rules);
  }
  if (isWithoutScript()) await expectAccessible(page);
}

interface AxeViolation {
  id: string;
  nodes: { html: string }[];
}

async function violationsOf(page: Page, rules: Rules): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axeSource);
  return page.evaluate(async (runOnly) => {
    const axe = (globalThis as unknown as { axe: { run: (options: object) => Promise<{ violations: AxeViolation[] }> } }).axe;
    const result = await axe.run({ runOnly, resultTypes: ["violations"] });
    return result.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join(" | ")}`);
  }, rules);
}

/** axe is a script itself, so it looks at a copy of the page that stands still in a context where scripts run. */
async function violationsInCopy(page: Page): Promise<string[]> {
  // What scripts would need is not fetched, either.
  const html = (await page.content()).replace(/<script\b[^]*?<\/script>|<link\b[^>]*\brel="(module)?preload"[^>]*>/g, "");
  const isDark = await page.evaluate(() => matchMedia("(prefers-color-scheme: dark)").matches);
  const context = await page.context().browser()!.newContext({
    javaScriptEnabled: true,
    viewport: page.viewportSize(),
    colorScheme: isDark ? "dark" : "light",
  });
  try {
    const copy = await context.newPage();
    // At its own address, so that its style is found.
    const { pathname } = new URL(page.url());
    await copy.route((url) => url.pathname === pathname, (route) => route.fulfill({ contentType: "text/html; charset=utf-8", body: html }));
    await copy.goto(page.url());
    return await violationsOf(copy, ALL_RULES);
  } finally {
    await context.close();
  }
}
