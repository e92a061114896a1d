export interface Share {
  name: string;
  number: number;
  tone: "good" | "busy" | "bad";
}

interface ShareBarProps {
  title: string;
  note: string;
  shares: Share[];
}

/** A bar with the shares of a total. */
export function ShareBar({ title, note, shares }: ShareBarProps) {
  const spoken = shares.map(({ name, number }) => `${number} ${name}`).join(", ");
  return (
    <div className="share">
      <div className="share__words">
        <span className="share__title">{title}</span>
        <span className="share__note">{note}</span>
      </div>
      <div className="share__bar" role="img" aria-label={`${title}: ${spoken}`}>
        {shares
          .filter(({ number }) => number > 0)
          .map(({ name, number, tone }) => (
            <span key={name} className={`share__part share__part--${tone}`} style={{ flexGrow: number }} />
          ))}
      </div>
    </div>
  );
}
