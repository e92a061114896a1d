import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { Navigate, Outlet, useLocation, useNavigation } from "react-router";

import type { ApiError } from "../api/client";
import { useFollow } from "../live/use-live";
import { onSessionChange, readSession, restore } from "../session";
import { Failure, Skeleton } from "../ui/States";
import { loginPath } from "./next";
import { Nav } from "./Nav";
import { TopBar } from "./TopBar";
import { Trouble } from "./Trouble";

/** Everything around a page. Whoever is not signed in gets to the login page, and back afterwards. */
export function Shell() {
  const session = useSyncExternalStore(onSessionChange, readSession);
  if (!session) return <Restored />;
  return <Signed />;
}

function Signed() {
  const { pathname } = useLocation();
  const { state } = useNavigation();
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useFollow();

  // A new page begins at its top, for the eye and for the screen reader; not the
  // first one, where the browser itself says what has been loaded.
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [pathname]);

  return (
    <div className="shell">
      <a className="skip-link" href="#content">
        Skip to the page
      </a>
      <aside className="sidebar">
        <Nav />
      </aside>
      <TopBar />
      <main id="content" className="main" ref={main} tabIndex={-1} aria-busy={state === "loading"}>
        <Trouble />
        <Outlet />
      </main>
    </div>
  );
}

/** Somebody who came with a link, or loaded the page again. */
function Restored() {
  const { pathname, search } = useLocation();
  const [error, setError] = useState<ApiError | null>(null);
  const [isRefused, setRefused] = useState(false);
  const [round, setRound] = useState(0);

  useEffect(() => {
    let isOver = false;
    setError(null);
    restore().then(
      (session) => isOver || setRefused(session === null),
      (reason: unknown) => isOver || setError(reason as ApiError),
    );
    return () => {
      isOver = true;
    };
  }, [round]);

  if (isRefused) return <Navigate to={loginPath(pathname + search)} replace />;
  if (!error) return <Opening />;
  return (
    <main className="alone">
      <h1 className="visually-hidden">paygate</h1>
      <Failure error={error} retry={() => setRound(round + 1)} />
    </main>
  );
}

/** Before there is anything to see. */
export function Opening() {
  return (
    <main className="alone">
      <h1 className="visually-hidden">paygate</h1>
      <Skeleton text="Opening the dashboard" />
    </main>
  );
}
