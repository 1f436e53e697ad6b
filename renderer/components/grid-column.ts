/** A column of a grid: its head and its width. */
export interface GridColumn {
  id: string;
  label: string;
  /** Px; null takes what is left. */
  width: number | null;
  align?: 'right' | undefined;
  /** Stays visible when the grid scrolls sideways; its cells have the class `sticky` as well. */
  sticky?: boolean | undefined;
  /** Explains the head. */
  help?: string | undefined;
  /** Whether the label is a term of the field, which is underlined. */
  isTerm?: boolean | undefined;
  /** Names what neighbouring columns have in common, in a line above their heads. */
  group?: string | undefined;
}

/** Which column rows are sorted by. */
export interface GridSort {
  column: string;
  descending: boolean;
}

/** What a row spreads over its element. */
export interface GridRow {
  id: string;
  'aria-rowindex': number;
}
