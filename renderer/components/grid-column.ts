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
  /** It can be moved among the others and resized, where the grid allows that. */
  isFree?: boolean | undefined;
  /** It is taken away by a button in its head, where the grid allows that. */
  isRemovable?: boolean | undefined;
  /** Names what neighbouring columns have in common, in a line above their heads. */
  group?: string | undefined;
}

/** Which column rows are sorted by. */
export interface GridSort {
  column: string;
  descending: boolean;
}

/** How the columns of a grid are changed in their heads: by dragging, and by keys on the button that sorts. */
export interface GridColumnActions {
  /** Moves a column before another one; null: to the end. */
  move: (id: string, before: string | null) => void;
  /** Moves a column by places. */
  shift: (id: string, by: number) => void;
  /** Px. */
  resize: (id: string, width: number) => void;
  remove: (id: string) => void;
}

/** What a row spreads over its element. */
export interface GridRow {
  id: string;
  'aria-rowindex': number;
}
