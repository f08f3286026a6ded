// Runs the real program in Debian's headless Chromium: with and without JavaScript, and the writing steps on a narrow
// light screen.
import { defineConfig } from "@playwright/test";

const chromium = {
  browserName: "chromium" as const,
  viewport: { width: 1280, height: 800 },
  colorScheme: "dark" as const,
  launchOptions: {
    executablePath: "/usr/bin/chromium-headless-shell",
    args: [
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      "--disable-gpu",
      "--disable-quic",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  },
};

export default defineConfig({
  testDir: "tests",
  // As many as keep two cores busy. Each worker has a program and a repository of its own; the cluster is everybody's, so a
  // test counts and names only what is its own. The story is the first of a project, so that it makes the account.
  workers: 2,
  fullyParallel: false,
  forbidOnly: true,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  // Traces cost time; `npm test -- --trace=retain-on-failure` keeps those of failures.
  use: { trace: "off", screenshot: "only-on-failure" },
  projects: [
    { name: "chromium", use: chromium },
    { name: "no-js", use: { ...chromium, javaScriptEnabled: false } },
    { name: "narrow", use: { ...chromium, viewport: { width: 360, height: 740 }, colorScheme: "light" }, grep: /@narrow/ },
  ],
});
