import { Compass } from "lucide-react";

import { ButtonLink } from "../ui/Button";
import { Empty } from "../ui/States";
import { useTitle } from "../ui/title";

export function NotFoundPage() {
  useTitle("Not found");
  return (
    <div className="alone">
      <h1 className="visually-hidden">Page not found</h1>
      <Empty icon={Compass} title="Page not found">
        <p>There is no page at this address.</p>
        <ButtonLink to="/dashboard">Go to overview</ButtonLink>
      </Empty>
    </div>
  );
}
