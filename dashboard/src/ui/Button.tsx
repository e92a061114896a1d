import { LoaderCircle, type LucideIcon } from "lucide-react";
import type { ComponentProps, MouseEvent } from "react";
import { Link, type LinkProps } from "react-router";

import { useMay, useSession } from "../roles";
import type { Role } from "../session";

type Look = "plain" | "primary" | "quiet" | "danger";

interface Shared {
  look?: Look;
  size?: "small" | "normal";
  icon?: LucideIcon;
}

interface ButtonProps extends Shared, ComponentProps<"button"> {
  /** The action is running: the button is disabled. */
  busy?: boolean;
  /** Why it is disabled; it can still have the focus, so that all users can read the reason. */
  refused?: string | undefined;
}

/** A button. It keeps its width and the focus while busy. */
export function Button({
  look = "plain",
  size = "normal",
  icon: Icon,
  busy = false,
  refused,
  children,
  onClick,
  type = "button",
  ...rest
}: ButtonProps) {
  const Shown = busy ? LoaderCircle : Icon;
  const isOff = busy || refused !== undefined;
  return (
    <button
      {...rest}
      type={type}
      className={classes(look, size)}
      title={refused ?? rest.title}
      aria-busy={busy || undefined}
      aria-disabled={isOff || undefined}
      onClick={isOff ? (event: MouseEvent) => event.preventDefault() : onClick}
    >
      {Shown ? <Shown className={busy ? "icon spin" : "icon"} aria-hidden /> : null}
      {children}
    </button>
  );
}

/** A button for users with that role; for others it is disabled and says why. */
export function RoleButton({ needs, refused, ...rest }: ButtonProps & { needs: Role }) {
  const { reason } = useMay(needs);
  return <Button {...rest} refused={reason ?? refused} />;
}

/** A button for operators with that role; for others it is disabled and says why. */
export function OperatorButton({ needs, refused, ...rest }: ButtonProps & { needs: Role }) {
  const { is_operator: isOperator } = useSession();
  return (
    <RoleButton {...rest} needs={needs} refused={isOperator ? refused : "This requires an operator of the gateway"} />
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

/** An icon button; `label` is its accessible name. */
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
