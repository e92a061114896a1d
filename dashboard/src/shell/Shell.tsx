import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { Navigate, Outlet, useLocation, useNavigation } from "react-router";

import type { ApiError } from "../api/client";
import { useFollow } from "../live/use-live";
import { onSessionChange, readSession, restore } from "../session";
import { Failure, Skeleton } from "../ui/States";
import { loginPath } from "./next";
import { Nav } from "./Nav";
import { TopBar } from "./TopBar";
import { StatusNotice } from "./StatusNotice";

/** The frame of all pages. Users who are not signed in are sent to the login page, and back afterwards. */
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

  // A new page starts at its top, also for screen readers; not the first one, which
  // the browser announces itself.
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
        <StatusNotice />
        <Outlet />
      </main>
    </div>
  );
}

/** Restores the session after a link or a reload. */
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

/** Shown while the dashboard is loading. */
export function Opening() {
  return (
    <main className="alone">
      <h1 className="visually-hidden">paygate</h1>
      <Skeleton text="Opening the dashboard" />
    </main>
  );
}
