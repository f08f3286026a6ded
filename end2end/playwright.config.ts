// Runs the real program in Debian's Chromium: with and without JavaScript, and the writing steps on a narrow light screen.
import { defineConfig } from "@playwright/test";

const chromium = {
  browserName: "chromium" as const,
  viewport: { width: 1280, height: 800 },
  colorScheme: "dark" as const,
  launchOptions: {
    executablePath: "/usr/bin/chromium",
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
  // One program and one browser at a time: the machine may have two cores. Each worker has a program and a repository of
  // its own; the cluster is everybody's, so a test counts and names only what is its own. The story is the first of those
  // without settings of their own, and makes the account.
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  // Pictures of each action would cost as much as the tests; the trace has the pages themselves.
  use: { trace: { mode: "retain-on-failure", screenshots: false }, screenshot: "only-on-failure" },
  projects: [
    { name: "chromium", use: chromium },
    { name: "no-js", use: { ...chromium, javaScriptEnabled: false } },
    { name: "narrow", use: { ...chromium, viewport: { width: 360, height: 740 }, colorScheme: "light" }, grep: /@narrow/ },
  ],
});
