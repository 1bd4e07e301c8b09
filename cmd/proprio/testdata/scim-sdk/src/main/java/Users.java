import de.captaingoldfish.scim.sdk.common.resources.User;

final class Users extends Shelf<User> {
  @Override
  String name(User user) {
    return user.getUserName().orElseThrow();
  }
}
