import { screens } from '../screens/index.ts';
import type { Screen } from './screen.ts';

type Flat<T> = { [Key in keyof T]: T[Key] };
type RouteOf<S> = S extends Screen<infer Id, infer Place> ? Flat<{ screen: Id } & Place> : never;

/** A screen and the place in it, as given by the address after `#`. */
export type Route = RouteOf<(typeof screens)[number]>;

const pathOf = ({ path, id }: Screen): string => path ?? id;
const placeOf = (screen: Screen, parts: readonly string[], query: URLSearchParams): object | null =>
  screen.parse ? screen.parse(parts, query) : {};
// A place and the screen that it is in: what `Route` is made of.
const routeTo = (screen: Screen, place: object): Route => ({ screen: screen.id, ...place }) as Route;

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Returns the route that an address names, the entry of the first screen if no screen has it. */
export function parseRoute(hash: string): Route {
  const [address = '', search = ''] = hash.replace(/^#?\/?/, '').split('?');
  const [path, ...parts] = address.split('/').map(decoded);
  const query = new URLSearchParams(search);
  for (const screen of screens) {
    const place = pathOf(screen) === path ? placeOf(screen, parts, query) : null;
    if (place) return routeTo(screen, place);
  }
  return entryOf(screens[0]);
}

/** Returns the address of a route, with `#`: for links. */
export function hrefOf(route: Route): string {
  const screen = screenOf(route);
  return `#/${pathOf(screen)}${screen.write?.(route) ?? ''}`;
}

/** Returns the screen that a route is in. */
export function screenOf(route: Route): Screen {
  return screens.find(({ id }) => id === route.screen) ?? screens[0];
}

/** Returns the place at which a screen opens from the rail, the palette or its shortcut. */
export const entryOf = (screen: Screen): Route => routeTo(screen, placeOf(screen, [], new URLSearchParams()) ?? {});
