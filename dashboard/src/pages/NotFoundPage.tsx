import { Compass } from "lucide-react";

import { ButtonLink } from "../ui/Button";
import { Empty } from "../ui/States";
import { useTitle } from "../ui/title";

export function NotFoundPage() {
  useTitle("Not found");
  return (
    <div className="alone">
      <h1 className="visually-hidden">No such page</h1>
      <Empty icon={Compass} title="No such page">
        <p>Nothing is kept at this address.</p>
        <ButtonLink to="/dashboard">To the overview</ButtonLink>
      </Empty>
    </div>
  );
}
