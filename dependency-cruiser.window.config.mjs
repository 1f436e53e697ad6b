import base from './dependency-cruiser.config.mjs';

// The window has no cycles, not counting imports of code that is loaded when it is needed: each screen knows the table of
// screens, for its links, and the table loads each screen when it is first shown.
export default {
  forbidden: [{ name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } }],
  options: { ...base.options, exclude: { dynamic: true } },
};
