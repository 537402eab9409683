import { createContext, type ReactElement, type ReactNode, use, useState } from "react";

import { type PageName, Route } from "../features/route";
import { useObservable } from "./useObservable";

const RouteContext = createContext<Route | null>(null);

/** Gives the page's address to everything inside. */
export function RouteProvider(props: { readonly children: ReactNode }): ReactElement {
  const [route] = useState(() => new Route(window));
  return <RouteContext value={route}>{props.children}</RouteContext>;
}

/** The way to other pages. */
export function useRoute(): Route {
  const route = use(RouteContext);
  if (route === null) throw new Error("used outside of RouteProvider");
  return route;
}

/** The page that is open. */
export function usePage(): PageName {
  return useObservable(useRoute());
}
