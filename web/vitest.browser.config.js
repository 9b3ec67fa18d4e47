import { defineConfig } from "vitest/config";

// One browser at a time: the machine that runs the tests is small, and waiting is part of what they measure.
export default defineConfig({
  test: {
    include: ["test/browser/**/*.test.js"],
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
