import { useId, type ReactNode } from "react";

interface CardProps {
  title?: string;
  note?: ReactNode;
  actions?: ReactNode;
  /** No padding: for tables. */
  flush?: boolean;
  testId?: string;
  children: ReactNode;
}

/** A section of a page with a title. */
export function Card({ title, note, actions, flush, testId, children }: CardProps) {
  const id = useId();
  return (
    <section className="card" aria-labelledby={title ? id : undefined} data-test-id={testId}>
      {title ? (
        <header className="card__head">
          <h2 id={id} className="card__title">
            {title}
          </h2>
          {note ? <p className="card__note">{note}</p> : null}
          {actions ? <div className="card__actions">{actions}</div> : null}
        </header>
      ) : null}
      <div className={flush ? "card__flush" : "card__body"}>{children}</div>
    </section>
  );
}

interface PageHeadProps {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
}

/** The heading of a page. */
export function PageHead({ title, lead, actions }: PageHeadProps) {
  return (
    <header className="page-head">
      <div>
        <h1 className="page-head__title">{title}</h1>
        {lead ? <p className="page-head__lead">{lead}</p> : null}
      </div>
      {actions ? <div className="page-head__actions">{actions}</div> : null}
    </header>
  );
}
