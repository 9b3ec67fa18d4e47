// Style and safety rules. Undefined names and types are the type checker's part.
import js from "@eslint/js";

// Markup built from strings is how a customer's words become code on an agent's screen.
const MARKUP_SINKS = ["innerHTML", "outerHTML", "insertAdjacentHTML", "srcdoc"].map((property) => ({
  selector: `MemberExpression[property.name='${property}'], AssignmentExpression[left.property.name='${property}']`,
  message: `${property} parses markup; build nodes with shared/dom.js`,
}));

export default [
  { ignores: ["node_modules/", "test/screenshots/"] },
  js.configs.recommended,
  {
    rules: {
      "no-undef": "off",
      "no-restricted-syntax": ["error", ...MARKUP_SINKS],
      "no-restricted-properties": [
        "error",
        { object: "document", property: "cookie", message: "the pages set no cookies" },
        { object: "document", property: "write", message: "document.write parses markup" },
      ],
      "no-eval": "error",
      "no-implied-eval": "error",
      eqeqeq: "error",
      curly: ["error", "multi-line"],
      "no-var": "error",
      "prefer-const": "error",
      "max-params": ["error", 5],
      "max-lines": ["error", { max: 600 }],
      "max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true }],
      "no-console": "error",
    },
  },
  { files: ["test/**/*.js"], rules: { "max-lines-per-function": "off" } },
];
