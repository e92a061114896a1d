import { NavLink } from "react-router";

import { useWorkStatus } from "../api/work";
import { IS_TEST_GATEWAY } from "../session";
import { Mark } from "./Mark";
import { GROUPS, type PlaceGroup } from "./places";

/** The navigation. */
export function Nav({ onChosen }: { onChosen?: () => void }) {
  return (
    <div className="nav">
      <div className="brand">
        <Mark />
        <span className="brand__name">paygate</span>
      </div>
      <nav aria-label="Main" className="nav__places">
        {GROUPS.map((group) => (
          <Group key={group.title} group={group} onChosen={onChosen} />
        ))}
      </nav>
      <WorkerLight />
    </div>
  );
}

function Group({ group, onChosen }: { group: PlaceGroup; onChosen: (() => void) | undefined }) {
  const places = group.places.filter((place) => IS_TEST_GATEWAY || !place.isTestOnly);
  return (
    <div className="nav__group">
      <p className="nav__title">{group.title}</p>
      <ul>
        {places.map(({ to, name, icon: Icon }) => (
          <li key={to}>
            <NavLink to={to} end={to === "/dashboard"} className="nav__link" onClick={onChosen}>
              <Icon className="icon" aria-hidden />
              {name}
            </NavLink>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Shows whether a worker is running: without one, payments stay pending. */
function WorkerLight() {
  const { data, error } = useWorkStatus();
  if (error || !data) return null;
  const isRunning = data.worker_status === "running";
  return (
    <p className={isRunning ? "light light--good" : "light light--bad"}>
      <span className="light__dot" aria-hidden />
      {isRunning ? "Worker running" : "No worker is running"}
    </p>
  );
}
