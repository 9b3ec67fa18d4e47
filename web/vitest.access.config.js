import { defineConfig } from "vitest/config";

// Two browsers at a time: nothing here depends on how long anything takes.
export default defineConfig({
  test: {
    include: ["test/access/**/*.test.js"],
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
