import de.captaingoldfish.scim.sdk.common.constants.ScimType;
import de.captaingoldfish.scim.sdk.common.exceptions.BadRequestException;
import de.captaingoldfish.scim.sdk.common.resources.Group;

final class Groups extends Shelf<Group> {
  private final Users users;

  Groups(Users users) {
    this.users = users;
  }

  @Override
  String name(Group group) {
    return group.getDisplayName().orElseThrow();
  }

  /** Members have to be there. */
  @Override
  void check(Group group) {
    group.getMembers().forEach(member -> {
      if (member.getValue().filter(users.rows::containsKey).isEmpty()) {
        throw new BadRequestException("there is no User " + member.getValue().orElse("without a value"),
            ScimType.RFC7644.INVALID_VALUE);
      }
    });
  }
}
