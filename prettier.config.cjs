// Settings of OCA's template. The width is ruff's, indentation comes from .editorconfig.
module.exports = {
    plugins: [require.resolve("@prettier/plugin-xml")],
    bracketSpacing: false,
    printWidth: 88,
    semi: true,
    trailingComma: "es5",
    // Whitespace between tags shows in mails and documents.
    xmlWhitespaceSensitivity: "preserve",
    xmlQuoteAttributes: "double",
};
