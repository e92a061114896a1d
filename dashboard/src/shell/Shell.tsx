import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { Navigate, Outlet, useLocation } from "react-router";

import type { ApiError } from "../api/client";
import { onSessionChange, readSession, signInByLink } from "../session";
import { Failure, Skeleton } from "../ui/States";
import { Nav } from "./Nav";
import { TopBar } from "./TopBar";
import { Trouble } from "./Trouble";

/** Everything around a page. Whoever is not signed in gets to the login page. */
export function Shell() {
  const session = useSyncExternalStore(onSessionChange, readSession);
  if (!session) return <ByLink />;
  return <Signed />;
}

function Signed() {
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);

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
      <main id="content" className="main" ref={main} tabIndex={-1}>
        <Trouble />
        <Outlet />
      </main>
    </div>
  );
}

/** A link into the dashboard, opened without having signed in. */
function ByLink() {
  const [error, setError] = useState<ApiError | null>(null);
  const [isRefused, setRefused] = useState(false);
  const [round, setRound] = useState(0);

  useEffect(() => {
    setError(null);
    signInByLink().then(
      (session) => setRefused(session === null),
      (reason: unknown) => setError(reason as ApiError),
    );
  }, [round]);

  if (isRefused) return <Navigate to="/login" replace />;
  return (
    <main className="alone">
      <h1 className="visually-hidden">paygate</h1>
      {error ? <Failure error={error} retry={() => setRound(round + 1)} /> : <Skeleton text="Opening the dashboard" />}
    </main>
  );
}
