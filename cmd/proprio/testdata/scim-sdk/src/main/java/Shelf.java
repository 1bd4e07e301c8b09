import de.captaingoldfish.scim.sdk.common.constants.ScimType;
import de.captaingoldfish.scim.sdk.common.constants.enums.SortOrder;
import de.captaingoldfish.scim.sdk.common.exceptions.ConflictException;
import de.captaingoldfish.scim.sdk.common.exceptions.ResourceNotFoundException;
import de.captaingoldfish.scim.sdk.common.resources.ResourceNode;
import de.captaingoldfish.scim.sdk.common.resources.complex.Meta;
import de.captaingoldfish.scim.sdk.common.schemas.SchemaAttribute;
import de.captaingoldfish.scim.sdk.common.utils.JsonHelper;
import de.captaingoldfish.scim.sdk.server.endpoints.Context;
import de.captaingoldfish.scim.sdk.server.endpoints.ResourceHandler;
import de.captaingoldfish.scim.sdk.server.filter.FilterNode;
import de.captaingoldfish.scim.sdk.server.response.PartialListResponse;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** A shelf holds the resources of one type. It hands out copies, since the SDK writes into what it is given. */
abstract class Shelf<T extends ResourceNode> extends ResourceHandler<T> {
  final Map<String, T> rows = new LinkedHashMap<>();

  /** The name that is unique among the resources of the type, in any letter case. */
  abstract String name(T resource);

  /** Refuses what the product would refuse beside what its schema does. */
  void check(T resource) {}

  @Override
  public T createResource(T resource, Context context) {
    resource.setId(UUID.randomUUID().toString());
    return put(resource, Instant.now());
  }

  @Override
  public T updateResource(T resource, Context context) {
    T former = row(resource.getId().orElseThrow());
    return put(resource, former.getMeta().flatMap(Meta::getCreated).orElseThrow());
  }

  private T put(T resource, Instant created) {
    String id = resource.getId().orElseThrow();
    for (T other : rows.values()) {
      if (!id.equals(other.getId().orElseThrow()) && name(other).equalsIgnoreCase(name(resource))) {
        throw new ConflictException(name(resource) + " is taken", ScimType.RFC7644.UNIQUENESS);
      }
    }
    check(resource);
    Meta meta = resource.getMeta().orElseThrow(); // the SDK's own: it may be filled in, not replaced
    meta.setCreated(created);
    meta.setLastModified(Instant.now());
    rows.put(id, copy(resource));
    return resource;
  }

  @Override
  public T getResource(String id, List<SchemaAttribute> attributes, List<SchemaAttribute> excluded, Context context) {
    return copy(row(id));
  }

  /** All of them: the SDK filters, sorts, and cuts out the page. */
  @Override
  public PartialListResponse<T> listResources(long startIndex, int count, FilterNode filter, SchemaAttribute sortBy,
      SortOrder sortOrder, List<SchemaAttribute> attributes, List<SchemaAttribute> excluded, Context context) {
    List<T> all = rows.values().stream().map(this::copy).toList();
    return PartialListResponse.<T>builder().resources(all).totalResults(all.size()).build();
  }

  @Override
  public void deleteResource(String id, Context context) {
    row(id);
    rows.remove(id);
  }

  private T row(String id) {
    T row = rows.get(id);
    if (row == null) {
      throw new ResourceNotFoundException("there is no resource " + id);
    }
    return row;
  }

  private T copy(T resource) {
    return JsonHelper.copyResourceToObject(resource.deepCopy(), getType());
  }
}
