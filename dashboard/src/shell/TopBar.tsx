import { LogOut, Menu, Moon, Search, Sun, UserRound, X } from "lucide-react";
import { Dialog } from "radix-ui";
import { useEffect, useId, useRef, useState, type FormEvent } from "react";
import { Link, useNavigate } from "react-router";

import { ROLE_NAMES, useSession } from "../roles";
import { IS_TEST_GATEWAY, signOut } from "../session";
import { chooseTheme, useTheme } from "../theme";
import { Button, IconButton } from "../ui/Button";
import { LiveLight } from "./LiveLight";
import { Nav } from "./Nav";

/** The top of every page: search and account. */
export function TopBar() {
  const { merchant } = useSession();
  return (
    <header className="topbar">
      <Drawer />
      <Finder />
      <div className="topbar__end">
        <LiveLight />
        {IS_TEST_GATEWAY ? <span className="chip">Test mode</span> : null}
        <span className="topbar__name">{merchant.name}</span>
        <ThemeSwitch />
        <WhoAmI />
      </div>
    </header>
  );
}

/** The navigation on narrow screens. */
function Drawer() {
  const [isOpen, setOpen] = useState(false);
  return (
    <Dialog.Root open={isOpen} onOpenChange={setOpen}>
      <Dialog.Trigger className="icon-button topbar__menu" aria-label="Open the menu">
        <Menu className="icon" aria-hidden />
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="drawer" aria-describedby={undefined}>
          <Dialog.Title className="visually-hidden">Menu</Dialog.Title>
          <Nav onChosen={() => setOpen(false)} />
          <Dialog.Close className="icon-button drawer__close" aria-label="Close the menu">
            <X className="icon" aria-hidden />
          </Dialog.Close>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

const PLACES: Record<string, string> = { pay: "transactions", order: "orders" };

/** Opens a payment or an order by its id; searches for anything else. */
function Finder() {
  const navigate = useNavigate();
  const [text, setText] = useState("");

  const find = (event: FormEvent) => {
    event.preventDefault();
    const wanted = text.trim();
    if (!wanted) return;
    const place = /^[a-z]+_[A-Za-z0-9]{16}$/.test(wanted) ? PLACES[wanted.split("_")[0] ?? ""] : undefined;
    void navigate(place ? `/dashboard/${place}/${wanted}` : `/dashboard/transactions?q=${encodeURIComponent(wanted)}`);
    setText("");
  };
  return (
    <form className="finder" role="search" onSubmit={find}>
      <Search className="icon finder__icon" aria-hidden />
      <input
        className="finder__input"
        type="search"
        aria-label="Find a payment or an order"
        placeholder="Find by id, VPA, last four digits"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </form>
  );
}

function ThemeSwitch() {
  const theme = useTheme();
  const prefersDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const isDark = theme === "dark" || (theme === "system" && prefersDark);
  return (
    <IconButton
      icon={isDark ? Sun : Moon}
      label={isDark ? "Light colours" : "Dark colours"}
      onClick={() => chooseTheme(isDark ? "light" : "dark")}
    />
  );
}

/** The account menu. */
function WhoAmI() {
  const { user } = useSession();
  const navigate = useNavigate();
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const panel = useId();

  useEffect(() => {
    if (!isOpen) return;
    const leave = (event: Event) => {
      const isElsewhere = event.target instanceof Node && !box.current?.contains(event.target);
      const isEscape = event instanceof KeyboardEvent && event.key === "Escape";
      if (isEscape) box.current?.querySelector("button")?.focus();
      if (isElsewhere || isEscape) setOpen(false);
    };
    const kinds = ["pointerdown", "focusin", "keydown"];
    for (const kind of kinds) document.addEventListener(kind, leave);
    return () => {
      for (const kind of kinds) document.removeEventListener(kind, leave);
    };
  }, [isOpen]);

  const leave = async () => {
    await signOut();
    await navigate("/login");
  };
  return (
    <div className="who" ref={box}>
      <button
        type="button"
        className="who__button"
        aria-label="Your account"
        aria-expanded={isOpen}
        aria-controls={panel}
        onClick={() => setOpen(!isOpen)}
      >
        {user.email.charAt(0).toUpperCase()}
      </button>
      <div id={panel} className="who__panel" hidden={!isOpen} data-test-id="who-am-i">
        <p className="who__email">{user.email}</p>
        <p className="who__role">{ROLE_NAMES[user.role]}</p>
        <Link className="nav__link" to="/dashboard/account" onClick={() => setOpen(false)}>
          <UserRound className="icon" aria-hidden />
          Account
        </Link>
        <Button look="quiet" icon={LogOut} onClick={() => void leave()}>
          Sign out
        </Button>
      </div>
    </div>
  );
}
