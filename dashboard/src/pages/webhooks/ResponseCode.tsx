/** The status of the merchant's server; a dash without a response. */
export function ResponseCode({ code }: { code: number | null }) {
  if (code === null) return <>—</>;
  return <span className={code >= 200 && code < 300 ? "mono" : "mono text--bad"}>{code}</span>;
}
