/** Whether these properties are of a button whose menu is open: Esc is for the menu then, and a tooltip would take it. */
export const isExpanded = (properties: object): boolean =>
  'aria-expanded' in properties && String(properties['aria-expanded']) === 'true';
