import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import globals from "globals";
import ts from "typescript-eslint";

/** The floors of the house, lowest first; crypto stands beside core and sees only the protocol. */
const MAY_NOT_IMPORT = {
  protocol: ["crypto", "core", "features", "ui", "main"],
  crypto: ["core", "features", "ui", "main"],
  core: ["features", "ui", "main"],
  features: ["crypto", "ui", "main"],
  ui: ["crypto", "main"],
};

/** Third parties that a floor does without: what runs in a worker knows no framework. */
const NO_FRAMEWORK = ["react", "react-dom", "@mantine/", "@tabler/", "i18next", "react-i18next"];

function contract(floor, forbidden) {
  const ours = forbidden.map((name) => ({
    regex: `^(\\.\\.?/)+(src/)?${name}(/|$|\\.)`,
    message: `${floor} may not import ${name}: protocol <- crypto, core <- features <- ui <- main.`,
  }));
  const frameworks = ["protocol", "crypto", "core"].includes(floor)
    ? [{ regex: `^(${NO_FRAMEWORK.join("|")})`, message: `${floor} runs in workers, without a framework.` }]
    : [];
  return {
    files: [`src/${floor}/**/*.{ts,tsx}`],
    rules: { "no-restricted-imports": ["error", { patterns: [...ours, ...frameworks] }] },
  };
}

export default ts.config(
  { ignores: ["node_modules", "dist", "bundling/*.d.ts"] },
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [ts.configs.strictTypeChecked, ts.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Numbers in texts are wanted; anything else has to be turned into a string on purpose.
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/explicit-module-boundary-types": "error",
      // `onClick={() => close()}` is how handlers are written.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      eqeqeq: "error",
      "no-console": "error",
      "max-lines": ["error", { max: 400 }],
      "max-params": ["error", { max: 5 }],
      "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ["src/**/*.tsx"],
    plugins: { "react-hooks": hooks },
    rules: {
      ...hooks.configs.recommended.rules,
      // A component's markup is a picture, not a procedure; the file's bound still holds.
      "max-lines-per-function": ["error", { max: 120, skipBlankLines: true, skipComments: true }],
    },
  },
  ...Object.entries(MAY_NOT_IMPORT).map(([floor, forbidden]) => contract(floor, forbidden)),
  // Generated from Python: as long as the vocabulary is.
  { files: ["src/protocol/generated.ts"], rules: { "max-lines": "off" } },
  { files: ["tests/**"], rules: { "max-lines-per-function": "off" } },
  { files: ["*.config.js"], languageOptions: { globals: globals.node } },
  {
    // Runs before anything is known of the browser, so it may use nothing younger than 2009.
    files: ["public/**/*.js"],
    languageOptions: { ecmaVersion: 5, sourceType: "script", globals: globals.browser },
  },
);
