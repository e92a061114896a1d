import { LogOut, Menu, Moon, Search, Sun, X } from "lucide-react";
import { Dialog } from "radix-ui";
import { useState, type FormEvent } from "react";
import { useNavigate } from "react-router";

import { readSession, signOut } from "../session";
import { chooseTheme, useTheme } from "../theme";
import { IconButton } from "../ui/Button";
import { Nav } from "./Nav";

/** Above every page: the way to anything by its id, and who this is. */
export function TopBar() {
  const navigate = useNavigate();
  const session = readSession();
  const leave = () => {
    signOut();
    void navigate("/login");
  };
  return (
    <header className="topbar">
      <Drawer />
      <Finder />
      <div className="topbar__end">
        {session?.isTest ? <span className="chip">Test mode</span> : null}
        <span className="topbar__name">{session?.name}</span>
        <ThemeSwitch />
        <IconButton icon={LogOut} label="Sign out" onClick={leave} />
      </div>
    </header>
  );
}

/** The navigation of narrow pages. */
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

/** Goes straight to a payment or an order; anything else is searched for. */
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
