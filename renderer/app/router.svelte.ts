import { hrefOf, parseRoute } from './routes.ts';
import type { Route } from './routes.ts';

export { hrefOf } from './routes.ts';

class Router {
  route = $state.raw<Route>(parseRoute(location.hash));

  constructor() {
    window.addEventListener('hashchange', () => (this.route = parseRoute(location.hash)));
  }

  /** Goes to a route; `replace` leaves no step to come back to. */
  go(route: Route, { replace = false } = {}): void {
    if (replace) {
      history.replaceState(null, '', hrefOf(route));
      this.route = route;
    } else location.hash = hrefOf(route);
  }

  /** Goes back a step, as the browser's own button does. */
  back(): void {
    history.back();
  }
}

export const router = new Router();
