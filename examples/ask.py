#!/usr/bin/env python3
"""Who acts? Asked knowing nothing but the address: the server describes itself by reflection.

    pip install grpcio grpcio-reflection googleapis-common-protos
    python3 examples/ask.py 127.0.0.1:50051 Emmeloord 1.1.30 GRIP_2

Ends with 1 and the server's message if the question is refused. A real project generates its types from proto/ instead.
"""

import sys

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

SERVICE = "crisisgids.v1.CoordinationService"
DEADLINE_SECONDS = 5


def ask(channel, **question):
    """Puts the question to the server and returns its answer."""
    pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
    method = pool.FindServiceByName(SERVICE).methods_by_name["FindActingOrganisations"]
    call = channel.unary_unary(
        f"/{SERVICE}/{method.name}",
        request_serializer=lambda request: request.SerializeToString(),
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )
    return call(GetMessageClass(method.input_type)(**question), timeout=DEADLINE_SECONDS)


def word(message, field):
    """The name of an enum value; a newer server may send one that is not known here."""
    number = getattr(message, field)
    value = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number.get(number)
    return value.name if value else f"unknown ({number})"


def show(answer):
    """Prints the answer in the order that the server gave: the order to read and act in."""
    for handover in answer.handovers:
        print(f"NOT OURS: {handover.display_name}, for {handover.area.display_name}")
        reached(handover.contacts)
    for entry in answer.acting:
        print(f"{entry.rank:>3} {word(entry, 'group'):<16} {entry.display_name}")
        for role in entry.roles:
            basis = {grounds.legal_basis for grounds in role.grounds if grounds.legal_basis}
            print(f"      {word(role, 'role')} {', '.join(sorted(basis))}{marks(role)}".rstrip())
            for function in role.functions:
                reached(function.contacts)
    for number, resort in enumerate(answer.last_resorts, 1):
        print(f"last resort {number}: {resort.display_name}{' [ANNOUNCED]' if resort.announced else ''}")
        reached(resort.contacts)
    for gap in answer.gaps:
        print(f"{word(gap, 'severity')}: {gap.message}")
    until = answer.expire_time.ToJsonString() if answer.HasField("expire_time") else "the next revision"
    print(f"revision {answer.revision}, the same until {until}")


def marks(role):
    """What must not be overlooked: where a role holds only for a part, under a condition, or if confirmed."""
    said = []
    if role.partial:
        said.append("partly: " + ", ".join(area.display_name for area in role.serves))
    if role.shared:
        said.append("shared")
    if role.conditional:
        said.append("only if: " + ", ".join(condition.display_name for condition in role.conditional))
    if role.announced:
        said.append("ANNOUNCED, not confirmed")
    return f" [{'; '.join(said)}]" if said else ""


def reached(contacts):
    """Prints how contacts are reached. A placeholder exists, but is never a number to dial."""
    for contact in contacts:
        for channel in contact.channels:
            value = "number not public" if channel.placeholder else channel.value
            mark = " [ANNOUNCED]" if contact.announced or channel.announced else ""
            print(f"        {contact.display_name}: {value}{mark}")


def main(arguments):
    if len(arguments) not in (3, 4):
        sys.exit(__doc__)
    address, place, calamity, *grip = arguments
    try:
        with grpc.insecure_channel(address) as channel:
            show(ask(channel, places=[place], calamities=[calamity], grip=grip[0] if grip else 0, language_code="en"))
    except ValueError as error:
        # Words that the contract does not have, such as GRIP_6.
        sys.exit(str(error))
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name} {reason(error)}: {error.details()}")


def reason(error):
    """The reason to branch on: the text is for people."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                info = error_details_pb2.ErrorInfo()
                if detail.Unpack(info):
                    return info.reason
    return ""


if __name__ == "__main__":
    main(sys.argv[1:])
