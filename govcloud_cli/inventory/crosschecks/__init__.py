"""Checks between fields: small pure functions, each yielding findings, all of them run every time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from govcloud_cli.inventory import findings
from govcloud_cli.inventory.crosschecks import (
    addresses,
    databases,
    flows,
    freezes,
    identifiers,
    identity,
    machines,
    organisations,
    people,
    platform,
    references,
    tenants,
    vpn,
)

Check = Callable[[findings.World], Iterator[findings.Finding]]

WITHOUT_PLATFORM: tuple[Check, ...] = (
    identifiers.ids_are_unique,
    identifiers.ids_are_not_reserved,
    identifiers.ids_do_not_look_alike,
    references.entries_are_listed_once,
    tenants.two_people_answer,
    tenants.both_tenants_agree,
    tenants.all_but_prod_ends,
    tenants.quotas_are_of_one_kind,
    tenants.applications_are_told_apart,
    databases.reasons_are_given_for_dedicated_ones,
    people.accounts_and_keys_are_one_persons,
    people.approvers_can_sign,
    people.accounts_have_a_place,
    people.duties_are_apart,
    people.names_are_nobody_elses,
    people.groups_are_somebodys,
    freezes.freezes_are_of_something,
    freezes.freezes_are_somebodys,
)
"""What can be told of the other files while the platform cannot be read."""

CHECKS: tuple[Check, ...] = (
    identifiers.ids_are_unique,
    identifiers.ids_are_not_reserved,
    identifiers.ids_do_not_look_alike,
    identifiers.interface_names_differ,
    references.references_resolve,
    references.entries_are_listed_once,
    addresses.prefixes_are_usable,
    addresses.prefixes_do_not_overlap,
    addresses.addresses_are_in_their_network,
    addresses.addresses_can_be_a_machines,
    addresses.addresses_are_unique,
    machines.machines_stay_on_one_side,
    machines.only_borders_join_zones,
    machines.zones_are_joined_once,
    machines.machines_are_reachable,
    machines.the_lab_makes_its_machines,
    machines.ssh_stays_open,
    machines.networks_have_their_own_interface,
    machines.each_zone_has_its_client,
    machines.services_are_alone_on_their_side,
    vpn.gateways_stand_between,
    vpn.gateway_and_groups_come_together,
    vpn.organisations_are_in_one_group,
    identity.services_have_what_they_need,
    identity.what_is_asked_of_it_is_served,
    identity.the_host_is_its_own,
    platform.management_networks_are_there,
    platform.engineers_are_somewhere,
    platform.kubeconfig_fits,
    platform.backend_is_a_place,
    flows.flows_stay_on_one_side,
    flows.flows_find_a_way,
    vpn.flows_lead_inwards,
    organisations.organisations_are_a_tree,
    organisations.levels_descend,
    organisations.budgets_are_carved,
    tenants.tenants_are_departments,
    tenants.two_people_answer,
    tenants.data_is_in_a_fit_zone,
    tenants.allowances_stay_on_one_side,
    tenants.both_tenants_agree,
    tenants.their_side_serves_them,
    tenants.all_but_prod_ends,
    tenants.quotas_are_of_one_kind,
    tenants.applications_are_told_apart,
    databases.machines_are_dedicated_to_tenants,
    databases.reasons_are_given_for_dedicated_ones,
    databases.dedicated_ones_have_their_machine,
    people.accounts_and_keys_are_one_persons,
    people.approvers_can_sign,
    people.accounts_have_a_place,
    people.duties_are_apart,
    people.names_are_nobody_elses,
    people.groups_are_somebodys,
    people.somebody_decides,
    freezes.freezes_are_of_something,
    freezes.freezes_are_somebodys,
)


def check(world: findings.World, checks: tuple[Check, ...] = CHECKS) -> Iterator[findings.Finding]:
    """Everything that any of `checks` finds, in their order."""
    for one in checks:
        yield from one(world)
