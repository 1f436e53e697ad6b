import type { Component } from 'svelte';

/**
 * A screen of the window. Its address, its document's title, its entries in the rail and in the command palette, and
 * its shortcut follow from this.
 */
export interface Screen<Id extends string = string, Place extends object = object> {
  id: Id;
  title: string;
  /** The first part of its address; the id if not set. */
  path?: string;
  /**
   * Returns the place in the screen that an address names, from the decoded parts after the first one; null if the
   * address belongs to another screen. Without parts it returns the place at which the screen opens. A screen without
   * `parse` has one place.
   */
  parse?(parts: readonly string[], query: URLSearchParams): Place | null;
  /** Returns the encoded address of a place after its first part. */
  write?(place: Place): string;
  /** Where the rail lists it; the palette then lists it, too. */
  rail?: { group: 'work' | 'library'; icon: Component };
  /** The screen that the rail marks in place of this one. */
  partOf?: string;
  /** The letter that opens it, upper case: with Ctrl or Cmd in the desktop program, with Alt in a browser. */
  letter?: string;
  /** Loads what draws it, when it is first shown. */
  load(): Promise<{ default: Component }>;
}

/** Returns the declaration as it is; infers the type of its places. */
export const defineScreen = <const Id extends string, Place extends object = object>(
  screen: Screen<Id, Place>,
): Screen<Id, Place> => screen;

/** Returns the word if it is in the list, otherwise `otherwise`. */
export const oneOf = <T extends string>(words: readonly T[], word: string | undefined, otherwise: T): T =>
  words.find((candidate) => candidate === word) ?? otherwise;
