/** The logo. */
export function Mark() {
  return (
    <svg className="brand__mark" viewBox="0 0 32 32" aria-hidden>
      <rect width="32" height="32" rx="8" fill="currentColor" />
      <path
        d="M10 24V9h7.2a5.1 5.1 0 0 1 0 10.2H10"
        fill="none"
        stroke="var(--on-accent)"
        strokeWidth="3"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      <circle cx="17.2" cy="14.1" r="1.6" fill="var(--on-accent)" />
    </svg>
  );
}
