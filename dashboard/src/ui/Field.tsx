import { useId, type ComponentProps, type ReactNode } from "react";

interface Shared {
  label: string;
  hint?: ReactNode | undefined;
  error?: string | null | undefined;
}

/** A labelled input; `data-*` and other attributes are passed to the input. */
export function Field({ label, hint, error, ...input }: Shared & ComponentProps<"input">) {
  const id = useId();
  return (
    <div className="field">
      <label className="field__label" htmlFor={id}>
        {label}
      </label>
      <input
        {...input}
        id={id}
        className="input"
        aria-invalid={error ? true : undefined}
        aria-describedby={`${id}-about`}
      />
      <About id={`${id}-about`} hint={hint} error={error} />
    </div>
  );
}

/** A labelled select. */
export function Choice({ label, hint, error, children, ...select }: Shared & ComponentProps<"select">) {
  const id = useId();
  return (
    <div className="field">
      <label className="field__label" htmlFor={id}>
        {label}
      </label>
      <select {...select} id={id} className="input select" aria-describedby={`${id}-about`}>
        {children}
      </select>
      <About id={`${id}-about`} hint={hint} error={error} />
    </div>
  );
}

function About({ id, hint, error }: { id: string; hint: ReactNode; error: string | null | undefined }) {
  if (error) {
    return (
      <p id={id} className="field__error" role="alert">
        {error}
      </p>
    );
  }
  return (
    <p id={id} className="field__hint" hidden={!hint}>
      {hint}
    </p>
  );
}
