import js from "@eslint/js";
import globals from "globals";

const longest = 130;

export default [
  { ignores: ["static/vendor/", ".venv/", "node_modules/"] },
  js.configs.recommended,
  {
    files: ["static/js/**/*.js"],
    languageOptions: { ecmaVersion: 2024, globals: { ...globals.browser, OpenSeadragon: "readonly" } },
  },
  { files: ["static/js/theme.js"], languageOptions: { sourceType: "script" } },
  {
    rules: {
      complexity: ["error", 12],
      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "max-lines": ["error", 400],
      "max-lines-per-function": ["error", 60],
      "no-console": "error",
      "no-param-reassign": "error",
      "no-shadow": "error",
      "no-var": "error",
      "prefer-const": "error",
      "max-len": ["error", { code: longest, ignoreUrls: true }],
    },
  },
  {
    files: ["tests/**/*.js", "tests/**/*.mjs"],
    languageOptions: { globals: globals.node },
    rules: { "max-lines-per-function": "off", "no-console": "off" },
  },
];
