"""The table of fault codes: title, why, what is allowed, what to do. Data only; `explain` reads it."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str, str, str]] = {
    # -- the file as YAML
    "GC1001": (
        "this is not a file that can be read",
        (
            "An inventory is read from regular files inside its folder. Symbolic links are refused: they may lead "
            "out of the folder that was reviewed; devices, sockets and pipes because they have no fixed content."
        ),
        "a regular file inside the inventory folder",
        "put the file itself in the folder, readable for you",
    ),
    "GC1002": (
        "the file is too large",
        "No person reviews a file of megabytes. The limit keeps a mistake from using up the machine.",
        "at most 4 MB",
        "split it, one file per tenant",
    ),
    "GC1003": (
        "the file is not plain UTF-8",
        "UTF-8 without a byte order mark is the one encoding that every tool on the way reads alike.",
        "UTF-8 without a byte order mark",
        "save the file as UTF-8 (without BOM)",
    ),
    "GC1004": (
        "there is a control character here",
        (
            "Control characters do not show in a review; those for writing direction can even make a line look like "
            "another. Names in right-to-left scripts need none of them."
        ),
        "printable text, line feeds and tabs outside indentation",
        "delete the character; retype the value if you cannot see it",
    ),
    "GC1005": (
        "this is not YAML",
        "The parser could not make sense of the file from here on, so nothing after this place was checked.",
        "",
        "look at indentation, missing colons and unclosed quotes or brackets at this place and just above",
    ),
    "GC1006": (
        "values are nested too deep",
        "No field lies deeper than ten levels; deep nesting is an attack or a slip of the keyboard.",
        "at most 64 levels",
        "close the brackets, or mend the indentation",
    ),
    "GC1007": (
        "there are too many values in one file",
        "The limit keeps reading fast and its memory bounded.",
        "at most 50,000 values in a file",
        "split the file, one per tenant",
    ),
    "GC1008": (
        "anchors, aliases and merge keys are not taken",
        "A few lines of aliases can unfold into gigabytes, and a reviewer cannot see what a merged entry ends up as.",
        "values written out",
        "write the value out where it is needed",
    ),
    "GC1009": (
        "tags and directives are not taken",
        (
            "A tag such as !!python/object asks the reader to make something other than data. The fields' types come "
            "from the schema."
        ),
        "plain values",
        "remove the tag; put text in quotes if it looks like a number",
    ),
    "GC1010": (
        "this key appears twice in one mapping",
        "Most readers silently take the last one, so a reviewer may read the other.",
        "each key once",
        "keep one of the two",
    ),
    "GC1011": (
        "this word has two readings in YAML",
        (
            "YAML 1.1 and 1.2 disagree about words such as no, 010 and 1:30. What your editor shows may not be what is "
            "deployed."
        ),
        "text in quotes; true, false and null in lower case; decimal numbers",
        "put it in quotes if it is text, else write true, false, null or a plain decimal number",
    ),
    "GC1012": (
        "a file holds exactly one document",
        "One file is one reviewed request. A second document after `---` is easily missed.",
        "exactly one document",
        "move each document to a file of its own",
    ),
    "GC1013": (
        "a key is a plain word",
        "Keys are names of fields. Numbers, truth values, lists and mappings are not.",
        "a field's name",
        "write the name of a field",
    ),
    "GC1014": (
        "this does not belong into an inventory folder",
        (
            "An inventory is `platform.yaml`, `tenants/<id>.yaml` and, where they are needed, `people.yaml`, "
            "`freezes/<id>.yaml` and the folder `requests`. A file that is not read might be thought deployed."
        ),
        "platform.yaml, people.yaml, tenants/<id>.yaml, freezes/<id>.yaml, requests/",
        "move it elsewhere, or rename it",
    ),
    "GC1015": (
        "the file is not named after the tenant",
        (
            "One tenant is one file, so that its history is the tenant's history and two people cannot declare it "
            "twice. The same goes for its freeze."
        ),
        "",
        "rename the file or mend the id; an id of a running tenant never changes",
    ),
    "GC1016": (
        "there is no platform.yaml here",
        "The platform's own description is what tenants refer to.",
        "a folder with platform.yaml",
        "run `govcloud init DIR` for a starter, or name another folder with --env",
    ),
    "GC1017": (
        "this number is too long",
        "No field needs more than 18 digits.",
        "at most 18 digits",
        "put it in quotes if it is text",
    ),
    "GC1018": (
        "the folder's name cannot be the name of an environment",
        "It ends up in namespaces, folders and stack names.",
        "lower-case letters, digits and single dashes, starting with a letter, 2-30 characters",
        "rename the folder",
    ),
    # -- fields and their values
    "GC1101": (
        "a field is missing",
        "The field has no default, because a wrong guess would be worse than a question.",
        "",
        "add the field",
    ),
    "GC1102": (
        "there is no such field",
        "An unknown field is a slip of the pen, or a wish that nobody would fulfil; either way you should know.",
        "",
        "remove it, or correct its name",
    ),
    "GC1103": (
        "this is of the wrong kind",
        'Values are not converted: "3" is text, 3 is a number.',
        "",
        "write a value of the kind that is allowed",
    ),
    "GC1104": ("this value is not one of the choices", "The field takes one of a closed set.", "", "choose one"),
    "GC1105": (
        "this value does not have the form that the field asks for",
        "The form is what every system below can carry: namespaces, SQL roles, firewall sets.",
        "",
        "rewrite it in the form that is allowed",
    ),
    "GC1106": (
        "this is too long or too short",
        "The limit is what every system below can carry.",
        "",
        "mend its length",
    ),
    "GC1107": (
        "this number is out of range",
        "The limits are those of the system the number is for.",
        "",
        "choose another",
    ),
    "GC1108": (
        "this is not an address or prefix",
        "Addresses are written plainly, without masks, zone indices or host bits in a prefix.",
        "",
        "write it as in the example",
    ),
    "GC1109": ("these fields do not go together", "The fields exclude or need one another.", "", "keep one of them"),
    # -- ids and references
    "GC1201": ("this id is taken", "Ids name one thing each.", "each id once", "choose another id"),
    "GC1202": (
        "this id is reserved",
        (
            "A system below gives the word a meaning of its own (kube-system, postgres, default), or it ends like an "
            "environment, so that `<tenant>-<environment>` could mean two things. The firewalls call VPN groups' zones "
            "vpn-…, and flows that follow from services platform-…."
        ),
        "an id that no system below uses and that does not end in -dev, -test, -staging or -prod",
        "choose another id",
    ),
    "GC1203": (
        "this id looks like another one",
        (
            "Ids that differ only in look-alike characters (l and 1, o and 0, rn and m) or dashes get mixed up in "
            "reviews and in commands typed by hand."
        ),
        "ids that a person can tell apart",
        "choose another id for one of them",
    ),
    "GC1204": (
        "this name would be cut",
        "Inside a machine an interface carries its zone's id, cut to 15 characters; two zones must not end up alike.",
        "ids that differ within their first 15 characters",
        "choose a shorter id",
    ),
    "GC1205": (
        "there is nothing of that id",
        "Every reference must lead somewhere.",
        "",
        "correct the id, or declare it",
    ),
    "GC1206": (
        "this is listed twice",
        "A second entry changes nothing, or contradicts the first.",
        "each once",
        "remove one of them",
    ),
    # -- addresses
    "GC1301": (
        "these networks overlap",
        (
            "An address must say which network it is in. That goes for both sides of the air gap, the management "
            "networks and VPN pools too: a leaked route must never fit."
        ),
        "prefixes without a common address",
        "choose another prefix",
    ),
    "GC1302": (
        "the address is outside its network",
        "A machine's address is in the network it stands in.",
        "",
        "choose an address in that network",
    ),
    "GC1303": (
        "no machine can have this address",
        (
            "The network's own, the broadcast and the subnet router address belong to no machine. The first address is "
            "kept: in a zone for the border that routes it, in a management network for the platform engineer."
        ),
        "",
        "choose another address",
    ),
    "GC1304": (
        "this address is taken",
        "An address belongs to one machine.",
        "each address once",
        "choose another address",
    ),
    "GC1305": (
        "this prefix is of no use for a network of machines",
        "Loopback, link-local and multicast prefixes cannot be routed; tiny and huge ones are slips.",
        "IPv4 /8 to /29, IPv6 /32 to /120 (VPN pools: /16 to /29, /64 to /124), routable",
        "choose another prefix",
    ),
    # -- machines and the air gap
    "GC1401": (
        "this machine would span the air gap",
        "政务内网 is physically separate. A machine in it and in another zone would be the bridge that must not be.",
        "zones of one side: either internal, or external and internet",
        "use two machines, one on each side",
    ),
    "GC1402": (
        "only a border stands in two zones",
        "A machine in two zones is a way around the firewall, unless being the firewall is its job.",
        "one zone, or the service border (or sslvpn, between the internet and an external zone)",
        "remove an interface, or add the service `border`",
    ),
    "GC1403": (
        "a border stands in at least two zones",
        "A border forwards between zones; with one there is nothing to forward.",
        "two or more zones of one side",
        "add an interface, or remove the service `border`",
    ),
    "GC1404": (
        "two borders join the same zones",
        "The way between two zones must be one, or the firewall's view of a connection is not whole.",
        "at most one border between two zones",
        "remove one of them",
    ),
    "GC1405": (
        "a management network is missing",
        (
            "Each side of the air gap is run over a management network of its own; MLPS asks for it, and the firewall "
            "takes SSH from nowhere else."
        ),
        "",
        "declare it under spec.management",
    ),
    "GC1406": (
        "the machine has no management address",
        (
            "In the lab, machines are reached over the management network of their side. On hosts of one's own, "
            "databases and clusters are administered over it."
        ),
        "in the lab management and management6; with `substrate: existing` management",
        "give it an address in its side's management network",
    ),
    "GC1407": (
        "the zone has no client machine",
        "`verify` sends its packets from a client in each zone; without one the zone's rules would go unproved.",
        "one machine `<zone>-client` with the service client",
        "add it",
    ),
    "GC1408": (
        "a client machine is named after its zone",
        "`verify` and people find it by that name.",
        "",
        "rename it; one client per zone, with no other service",
    ),
    "GC1409": (
        "the lab makes its machines itself",
        (
            "With `substrate: embedded` there is no host to reach by SSH, its interfaces are named by us, and the "
            "platform engineer is at the management network's first address."
        ),
        "ssh, device, managementDevice and engineers only with `substrate: existing`",
        "remove the field, or set `substrate: existing`",
    ),
    "GC1410": (
        "it is not said how to reach this host",
        "With `substrate: existing` hosts are reached by SSH.",
        "ssh with host, user, port",
        "add `ssh: {host: …}`",
    ),
    "GC1411": (
        "a side has at most one machine of this service",
        (
            "Which of two would a tenant's database or namespace be on? High availability will be a property of the "
            "service, not a second machine."
        ),
        "one per side; of database machines one for everybody, and one for each tenant that `dedicatedTo` names",
        "remove the service from one of them",
    ),
    "GC1412": (
        "kubeconfig does not fit the rest",
        (
            "It names a cluster that is already there: with `substrate: existing`, on a side that has no `kubernetes` "
            "machine of ours."
        ),
        "with `substrate: existing`, instead of a machine with the service kubernetes",
        "remove one of the two",
    ),
    "GC1413": (
        "this is not a backend for state",
        (
            "The state says what exists, so it is kept where its owner can find it, and the address holds no password: "
            "credentials come from the environment."
        ),
        "a URL such as s3://bucket, azblob://…, gs://…, https://host or file:///path, without user and password",
        "correct the URL",
    ),
    "GC1414": (
        "it is not said where platform engineers are",
        "The firewall of every host takes SSH from their addresses only: without them it would shut you out.",
        "prefixes such as [172.20.20.0/28]",
        "add `engineers` with the prefix of the platform team's workplaces, or of its jump host",
    ),
    "GC1415": (
        "SSH would be shut out",
        (
            "Hosts are administered over the management network alone, as MLPS asks: there sshd listens and the "
            "firewall lets engineers in. SSH by another address would end with the first deploy."
        ),
        "",
        "give the host an interface in the management network, and reach it by its address there",
    ),
    "GC1416": (
        "one interface would stand in two networks",
        "The firewall tells zones and the management network apart by the interface a packet comes in on.",
        "a separate interface for each zone and for the management network; never lo",
        "name the right interface with `device` or `managementDevice`; a VLAN such as bond0.20 is one too",
    ),
    "GC1417": (
        "this machine cannot be one tenant's",
        "A machine is dedicated to hold a tenant's own databases, on the side of the air gap where the tenant is.",
        "dedicatedTo on a machine with the service database, on the tenant's side",
        "remove `dedicatedTo`, or correct the tenant's id",
    ),
    # -- flows
    "GC1501": (
        "this flow would cross the air gap",
        (
            "Nothing goes between 政务内网 and the other networks. What must get across is carried by a procedure, "
            "not by a route."
        ),
        "both ends on one side",
        "remove the flow",
    ),
    "GC1502": (
        "the management network takes no flows",
        "It is for platform engineers alone; a flow over it would join what the zones keep apart.",
        "zones and machines",
        "name a zone or machine",
    ),
    "GC1503": (
        "nothing joins these zones",
        "A packet gets from one zone to another through a border that stands in both.",
        "zones that share a border",
        "add a border between them, or remove the flow",
    ),
    "GC1504": (
        "a flow goes from one place to another",
        "A machine reaches itself without the firewall.",
        "two different ends",
        "correct one end",
    ),
    # -- organisations
    "GC1601": (
        "the tree of organisations has one root",
        "Everything belongs to one government in the end.",
        "exactly one organisation without parent",
        "give all but one a parent",
    ),
    "GC1602": (
        "this organisation is above itself",
        "Following its parents leads back to it.",
        "a tree",
        "correct a parent",
    ),
    "GC1603": (
        "this organisation would stand above its parent",
        (
            "Levels go down: national, province, city, county. A department has its government's level, a lower "
            "government a lower one."
        ),
        "the parent's level, or a lower one",
        "correct the level or the parent",
    ),
    "GC1604": (
        "a tenant belongs to a department",
        (
            "A government as a whole answers for nothing in particular. A department is an organisation of the same "
            "level as its parent."
        ),
        "a department",
        "name the department, such as the government's office",
    ),
    "GC1605": (
        "more is promised than there is",
        (
            "A budget below is carved from the nearest one above it. What is promised to several together cannot be "
            "more than what it is taken from."
        ),
        "",
        "lower this budget or one beside it, or raise the one above",
    ),
    # -- tenants
    "GC1701": (
        "owner and technical lead are the same person",
        "Who runs a system does not approve its changes: two pairs of eyes are what MLPS asks for.",
        "two persons",
        "name another person",
    ),
    "GC1702": (
        "the other tenant does not agree",
        (
            "Traffic between tenants opens only when both files list it: one as outbound, one as inbound, with the "
            "same protocol, port and environments."
        ),
        "the mirror image in the other tenant's file",
        "ask the other department to list it, or remove it here",
    ),
    "GC1703": (
        "data of this class may not be in this zone",
        (
            "Core data (核心数据) stays on 政务内网, which nothing joins to other networks. The internet is for what "
            "is public anyway."
        ),
        "internal: all classes; external: general, important; internet: general",
        "move the tenant to another zone; the class follows from the data",
    ),
    "GC1704": (
        "the MLPS level is too low for the data",
        "Systems that hold important or core data are filed at 等保 level 3 at least.",
        "3 or 4 for important and core data",
        "file the system at level 3 and state it, or correct dataClass",
    ),
    "GC1705": (
        "its side of the air gap lacks a service",
        "Nothing is shared across the air gap, so each side with tenants has its own cluster and database.",
        "",
        "add a machine with the service on that side",
    ),
    "GC1706": (
        "this allowance would cross the air gap",
        "Nothing goes between 政务内网 and the other networks, whoever agrees.",
        "peers on the tenant's own side",
        "remove the allowance",
    ),
    "GC1707": (
        "this group belongs to the platform",
        (
            "Kubernetes gives groups such as system:masters every right in the cluster, govcloud:… are our own, and "
            "org:… say where somebody works. A department's members are in groups of its own."
        ),
        "",
        "name a group of the department, such as finance:maintainers",
    ),
    "GC1708": (
        "this environment has no last day",
        (
            "What was made for a trial stays for years where nobody has to ask again. Outside prod every environment "
            "says when it ends; it is warned of, frozen with its data kept, and can be prolonged."
        ),
        "expiresOn outside prod",
        "add `expiresOn`, e.g. expiresOn: 2027-06-30",
    ),
    "GC1709": (
        "a dedicated database needs its reason",
        (
            "The shared tier does for nearly everybody. Who decides about a machine for one tenant should read why; on "
            "the shared tier there is nothing to justify."
        ),
        "reason with `tier: dedicated`, and only there",
        "add the reason, or use the shared tier",
    ),
    "GC1710": (
        "there is no machine for this dedicated database",
        "A dedicated database is on a machine that holds nothing but its tenant's.",
        "",
        "declare the machine in platform.yaml, or use the shared tier",
    ),
    "GC1711": (
        "another application has this client already",
        "Two applications with one client would have one secret, and each could log people in as the other.",
        "another id",
        "choose another id for the application",
    ),
    # -- people and freezes
    "GC1801": (
        "this account or key is another person's",
        "Decisions are told apart by the accounts and keys of those who make them.",
        "each account and key at one person",
        "remove it from one of them",
    ),
    "GC1802": (
        "nobody is named who decides",
        (
            "Hosts that exist already carry real services. What is deployed there is decided by persons who are known "
            "by name and sign with keys of their own."
        ),
        "people.yaml, in which somebody `approves` for the root and for every budget",
        "add people.yaml; `govcloud schema people` says what it holds",
    ),
    "GC1803": (
        "nobody decides for this organisation",
        "A request goes to whoever decides for the budget it draws on. Without such a person it would wait for ever.",
        "a person who `approves` for the root and, on hosts of one's own, for every organisation with a budget",
        "name a person in people.yaml",
    ),
    "GC1804": (
        "an approver has no key",
        "Decisions are signed, so that a third party can check them without asking us.",
        "one key or more for everybody who `approves`",
        "add the line of id_ed25519.pub; `ssh-keygen -t ed25519` makes a pair",
    ),
    "GC1805": (
        "groups and duties are those of an account",
        "Only who works somewhere has an account in the identity service; without one this would have no effect.",
        "organisation, wherever there are groups or a duty",
        "say in which organisation the person works",
    ),
    "GC1806": (
        "nobody has two of the three administrators' duties",
        (
            "MLPS keeps apart who runs the platform (系统管理员), who decides about rights (安全管理员) and who "
            "watches both (审计管理员): one who did two of these could hide what he does in one."
        ),
        "system: no `approves`; audit: no `approves`, viewers' groups only, owner and technical lead of nothing",
        "give one of the two to somebody else",
    ),
    "GC1807": (
        "this name is an account of the platform itself",
        (
            "Log-ins and the audit tell people apart by it. The sealed account (应急账号), Keycloak's administrator, "
            "programs and the probes of `verify` have these names, and sync leaves such accounts alone."
        ),
        "not `admin`, `break-glass`, `govcloud-…` or `service-account-…`",
        "choose another id; what somebody did before stays under the old one",
    ),
    "GC1808": (
        "the identity service takes no name this short",
        "A person's id is the name at log-in, and Keycloak refuses one under three characters: nobody could join.",
        "3 to 40 characters",
        "choose a longer id, such as surname and given name",
    ),
    "GC1809": (
        "no tenant names this group",
        (
            "A group (组) gives a person what the `members` of tenants' files name it for, and nothing else: misspelt, "
            "it gives nothing, and nobody would notice before the person cannot do their work. What the three "
            "administrators (三员) may do comes with `duty`, not with a group."
        ),
        "groups of `members` in tenants/*.yaml",
        "name it in a tenant's `members`, or take it out of people.yaml",
    ),
    # -- policies and waivers
    "GC1901": (
        "the folder is not named after the policy",
        "Findings, waivers and the object in the cluster name a policy by its id; people look for it in its folder.",
        "",
        "rename the folder or mend the id; an id that waivers name never changes",
    ),
    "GC1902": (
        "a policy without samples is not loaded",
        "What it allows and what it denies is shown by samples; without both nobody knows whether it finds anything.",
        "at least one file in allowed/ and one in denied/",
        "add a sample; `govcloud policy test` judges it",
    ),
    "GC1903": (
        "this does not belong into a folder of policies",
        (
            "Policies are `<area>/<id>/policy.yaml` with `allowed/*.yaml` and `denied/*.yaml`; beside them are "
            "`library/`, `controls/`, `waivers/` and `approvers.yaml`. What is not read might be thought in force."
        ),
        "<area>/<id>/{policy.yaml,allowed/*.yaml,denied/*.yaml}, library/*.yaml, waivers/*.yaml, approvers.yaml",
        "move it elsewhere, or rename it",
    ),
    "GC1904": (
        "there is no folder of policies here",
        "Judging by no policies finds nothing, whatever is judged.",
        "a folder that exists",
        "correct the path",
    ),
    "GC1905": (
        "this policy cannot be asked",
        "A rule that does not compile would judge nothing.",
        "CEL that Kubernetes takes, about `object` and `variables` alone",
        "mend the expression",
    ),
    # -- identity and VPN
    "GC2001": (
        "a gateway stands between the internet and an external zone",
        (
            "It lets staff who are outside into 政务外网, and is the only machine besides the border that the internet "
            "sees. 政务内网 never has a gateway: nothing leads into it from anywhere."
        ),
        "exactly one zone of kind external and one of kind internet",
        "give it one interface in each of the two, and none elsewhere",
    ),
    "GC2002": (
        "a gateway serves as nothing else",
        "The internet attacks it all day; what else ran there would be next.",
        "services: [sslvpn]",
        "move the other service to a machine of its own",
    ),
    "GC2003": (
        "gateway and VPN groups come together",
        "Without a gateway nobody gets in, without groups it is not said who does.",
        "a machine with the service sslvpn and spec.vpn, or neither",
        "add what is missing, or remove the other",
    ),
    "GC2004": (
        "this organisation is in another VPN group",
        "The group decides what somebody reaches from outside, so there is one for each.",
        "each organisation named in one group; those below it follow, unless one names them",
        "remove it from one of the groups",
    ),
    "GC2005": (
        "nothing connects to VPN users",
        "Their machines are outside, wherever that is: they ask and are never asked.",
        "a vpn group as `from` only",
        "turn the flow round, or remove it",
    ),
    "GC2006": (
        "VPN users do not reach the gateway itself",
        "Who is in has no business with what let him in; from its inside it would be attacked past every check.",
        "zones and machines behind the gateway",
        "name the machine that they need, or remove the flow",
    ),
    "GC2007": (
        "a service that it needs is not on its side",
        (
            "The identity service keeps accounts in the shared database, and a gateway has each one-time code checked "
            "by the identity service. Nothing is asked across the air gap."
        ),
        "",
        "add a machine with that service on the same side",
    ),
    "GC2008": (
        "the identity service is called like another machine",
        "Machines and certificates know both by name; passwords must not end up with the wrong one.",
        "a name that no other machine has",
        "choose another host, or leave it out",
    ),
    "GC2009": (
        "settings of an identity service that is not there",
        "They would do nothing, and nobody would notice until somebody cannot log in.",
        "spec.identity beside a machine with the service identity",
        "add `services: [identity]` to a machine, or remove the setting",
    ),
}
