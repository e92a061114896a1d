import type { Offers } from "../../api/schema";
import { Card } from "../../ui/Card";
import { Facts } from "../../ui/Facts";
import { Chip } from "./OffersCard";
import { canDo } from "./offers";

const BREAKERS: Record<Offers["processors"][number]["breaker"], string> = {
  closed: "closed",
  open: "open: it does not respond, so its operations wait",
  half_open: "half open: one operation is let through",
};

/** The capabilities of each processor. */
export function ProcessorsCard({ processors, methods }: Pick<Offers, "processors" | "methods">) {
  const labelOf = (code: string) => methods.find((method) => method.code === code)?.label ?? code;
  return processors.map(({ id, capabilities: can, breaker, breaker_reason: reason }) => (
    <Card key={id} title={`Processor ${id}`} note="Capabilities" testId="plugin-processor">
      <Facts
        facts={[
          ...Object.entries(can.methods).map(([code, flows]): [string, React.ReactNode] => [
            labelOf(code),
            flows.map((flow) => <Chip key={flow}>{flow}</Chip>),
          ]),
          ...canDo(can),
          ["Breaker", BREAKERS[breaker]],
          ["Last failure", reason],
        ]}
      />
    </Card>
  ));
}
