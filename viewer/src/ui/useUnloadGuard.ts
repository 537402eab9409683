import { useEffect } from "react";

/** Have the browser ask before the page is closed: Ctrl+W meant for the other PC would end the session for good. */
export function useUnloadGuard(): void {
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, []);
}
