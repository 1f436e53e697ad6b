export default {
  compilerOptions: {
    runes: true,
    // Styles go into files: the content security policy allows no style that a script puts into the page.
    css: 'external',
  },
  // Components of libraries may still be written in the older manner.
  vitePlugin: {
    dynamicCompileOptions: ({ filename }) => (filename.includes('node_modules') ? { runes: undefined } : undefined),
  },
};
