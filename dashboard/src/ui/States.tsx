import { CloudOff, RotateCw, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

import { ApiError } from "../api/client";
import { Button } from "./Button";

/** Shown while data is loading. Screen readers read `text`. */
export function Skeleton({ rows = 4, text = "Loading" }: { rows?: number; text?: string }) {
  return (
    <div className="skeleton" role="status">
      <span className="visually-hidden">{text}</span>
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} className="skeleton__bar" />
      ))}
    </div>
  );
}

interface EmptyProps {
  icon: LucideIcon;
  title: string;
  children?: ReactNode;
}

/** An empty state, with a hint. */
export function Empty({ icon: Icon, title, children }: EmptyProps) {
  return (
    <div className="empty" data-test-id="empty-state">
      <Icon className="empty__icon" aria-hidden />
      <p className="empty__title">{title}</p>
      {children ? <div className="empty__text">{children}</div> : null}
    </div>
  );
}

/** An error, with a button to retry. */
export function Failure({ error, retry }: { error: Error; retry: () => void }) {
  const unreachable = error instanceof ApiError && error.isTemporary;
  return (
    <div className="empty empty--failure" role="alert">
      <CloudOff className="empty__icon" aria-hidden />
      <p className="empty__title">{error.message}</p>
      <div className="empty__text">
        {unreachable ? <p>The page retries automatically.</p> : null}
        <Button icon={RotateCw} onClick={retry}>
          Try again
        </Button>
      </div>
    </div>
  );
}

interface LoadedProps<Data> {
  query: { data: Data | undefined; error: Error | null; refetch: () => unknown };
  rows?: number;
  children: (data: Data) => ReactNode;
}

/** The data of a query, a skeleton, or an error. Old data stays after a failed refresh. */
export function Loaded<Data>({ query, rows, children }: LoadedProps<Data>) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return <Skeleton rows={rows ?? 4} />;
}
