import { LoaderCircle, type LucideIcon } from "lucide-react";
import type { ComponentProps } from "react";
import { Link, type LinkProps } from "react-router";

type Look = "plain" | "primary" | "quiet" | "danger";

interface Shared {
  look?: Look;
  size?: "small" | "normal";
  icon?: LucideIcon;
}

interface ButtonProps extends Shared, ComponentProps<"button"> {
  /** Under way: shown as such, and not to be pressed again. */
  busy?: boolean;
}

/** A button. It keeps its width while busy, and stays where the focus is. */
export function Button({
  look = "plain",
  size = "normal",
  icon: Icon,
  busy = false,
  children,
  onClick,
  type = "button",
  ...rest
}: ButtonProps) {
  const Shown = busy ? LoaderCircle : Icon;
  return (
    <button
      {...rest}
      type={type}
      className={classes(look, size)}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
    >
      {Shown ? <Shown className={busy ? "icon spin" : "icon"} aria-hidden /> : null}
      {children}
    </button>
  );
}

/** A link that looks like a button. */
export function ButtonLink({ look = "plain", size = "normal", icon: Icon, children, ...rest }: Shared & LinkProps) {
  return (
    <Link {...rest} className={classes(look, size)}>
      {Icon ? <Icon className="icon" aria-hidden /> : null}
      {children}
    </Link>
  );
}

interface IconButtonProps extends ComponentProps<"button"> {
  icon: LucideIcon;
  label: string;
}

/** A button that is only a picture; `label` is what it says. */
export function IconButton({ icon: Icon, label, ...rest }: IconButtonProps) {
  return (
    <button type="button" title={label} {...rest} className="icon-button" aria-label={label}>
      <Icon className="icon" aria-hidden />
    </button>
  );
}

function classes(look: Look, size: "small" | "normal"): string {
  return `button button--${look}${size === "small" ? " button--small" : ""}`;
}
